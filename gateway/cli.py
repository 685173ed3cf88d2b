"""The `gateway` command."""

import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.arguments import build_parser

if TYPE_CHECKING:
    from sqlalchemy.exc import OperationalError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 found something wrong, 2 not usable as asked."""
    asked = build_parser().parse_args(arguments)  # ends here for --help and a word that is none
    from gateway.config import ConfigError
    from gateway.repeats import Repeats
    from gateway.rulepacks import PackError

    logging.basicConfig(
        level=logging.DEBUG if asked.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(Repeats())
    for chatty in ("alembic", "dbos", "watchdog", "httpx", "httpx2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        ended = int(asked.run(asked))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ConfigError, PackError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except UnicodeEncodeError as error:
        odd = f"{error.object!r} is not UTF-8; write it in the letters of this terminal, or rename the file"
        print(odd, file=sys.stderr)
        return 2
    except lost_database() as error:
        from gateway.opening import last_words

        print(f"the database did not answer: {last_words(error)}", file=sys.stderr)
        again = "what was not finished was not written; see to the database, then give the command again"
        print(again, file=sys.stderr)
        return 2
    return ended


def lost_database() -> "type[OperationalError]":
    """Asked for only once something was raised: most commands are faster without."""
    from sqlalchemy.exc import OperationalError

    return OperationalError


if __name__ == "__main__":
    sys.exit(main())
