"""A card of holes that looks full: what a benchmark reads is no hole, and the same however it is read."""

from pathlib import Path
from random import Random

from drivers.simulators.faulty_card import mounted

SIZE = 9_000_000


def test_noise_is_the_same_bytes_however_they_are_read_and_other_in_each_file(tmp_path: Path) -> None:
    with mounted(tmp_path / "card", tmp_path / "mount") as card:
        for name in ("a", "b"):
            with (card.source / name).open("wb") as file:
                file.write(name.encode() * 4096)
                file.truncate(SIZE)
        card.set("filled")
        whole = {name: (card.mount / name).read_bytes() for name in ("a", "b")}
        assert [len(one) for one in whole.values()] == [SIZE] * 2
        assert whole["a"][:4096] == b"a" * 4096
        assert whole["a"][4096:] != whole["b"][4096:]
        assert whole["a"].count(0) < SIZE / 200
        random = Random(1)
        with (card.mount / "a").open("rb", buffering=0) as file:
            for _ in range(40):
                at = random.choice([0, 4095, 4096, 5000, random.randrange(SIZE)])
                file.seek(at)
                part = file.read(random.randrange(1, 600_000))
                assert part == whole["a"][at : at + len(part)]
