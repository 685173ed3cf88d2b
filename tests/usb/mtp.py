"""A camera that speaks MTP, inside the guest: Debian's uMTP-Responder behind a Linux USB gadget.

The gadget is wired to the kernel's dummy controller, which has one port on a bus of its own.
"""

import os
import shutil
import time
from collections.abc import Mapping

from tests.usb.guest import Guest
from tests.usb.kernel import CACHE, unpack

RESPONDER = CACHE / "usr/bin/umtprd"
SD = "/mnt/site/camera"
SETTINGS = f"""
storage "{SD}" "SD" "rw"
loop_on_disconnect 0
no_inotify 0x1
manufacturer "Test"
product "MTP camera"
serial "MTP-1"
interface "MTP"
usb_vendor_id 0x1D6B
usb_product_id 0x0100
usb_class 0x6
usb_subclass 0x1
usb_protocol 0x1
usb_functionfs_mode 0x1
usb_dev_path "/dev/ffs-mtp/ep0"
usb_epin_path "/dev/ffs-mtp/ep1"
usb_epout_path "/dev/ffs-mtp/ep2"
usb_epint_path "/dev/ffs-mtp/ep3"
usb_max_packet_size 0x200
"""
GADGET = "/sys/kernel/config/usb_gadget/mtp"
MAKE = f"""set -e
modprobe -a dummy_hcd libcomposite usb_f_fs
mount -t configfs none /sys/kernel/config
mkdir -p {GADGET} {SD} /dev/ffs-mtp /etc/umtprd
cd {GADGET}
mkdir configs/c.1 functions/ffs.mtp strings/0x409
echo 0x1d6b >idVendor
echo 0x0100 >idProduct
echo MTP-1 >strings/0x409/serialnumber
echo Test >strings/0x409/manufacturer
echo 'MTP camera' >strings/0x409/product
ln -s functions/ffs.mtp configs/c.1
mount -t functionfs mtp /dev/ffs-mtp
ls /sys/devices/platform/dummy_hcd.0 | sed -n 's/^usb//p'
"""
HANG = """(setsid sh -c 'pid=$(pidof umtprd)
while kill -0 $pid; do
    for told in /proc/$pid/fdinfo/*; do
        read -r _ offset <$told && [ "$offset" -ge {begin} ] && [ "$offset" -lt {end} ] || continue
        readlink /proc/$pid/fd/${{told##*/}} | grep -q MP4 && kill -STOP $pid && exit
    done
    sleep 0.02
done' >/run/hang.log 2>&1 &)"""


class MtpCamera:
    def __init__(self, guest: Guest) -> None:
        if not RESPONDER.exists():
            unpack("umtp-responder")
        shutil.copy(RESPONDER, guest.out)
        self.guest = guest
        self.port = f"{guest.run(MAKE).strip()}-1"
        """As the guest's kernel counts it: the dummy controller comes after QEMU's."""

    def record(self, files: Mapping[str, bytes]) -> None:
        """Each file is two seconds younger than the one before."""
        folder, begin = self.guest.out / "camera", time.time() - 600
        for number, (name, content) in enumerate(files.items()):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
            os.utime(folder / name, (begin + 2 * number,) * 2)
        self.guest.run(f"cp -rp /mnt/out/camera/. {SD}/")
        shutil.rmtree(folder)

    def plug(self, piece: int) -> None:
        """`piece`: bytes it sends at once; the dummy controller's clock ticks once for each."""
        settings = f"{SETTINGS}usb_max_wr_buffer_size {piece:#x}\n"
        (self.guest.out / "umtprd.conf").write_text(settings)
        self.guest.run(
            "cp /mnt/out/umtprd.conf /etc/umtprd/ && (setsid /mnt/out/umtprd >/run/umtprd.log 2>&1 &)"
        )
        self.guest.wait("test -e /dev/ffs-mtp/ep3")
        self.guest.run(f"ls /sys/class/udc >{GADGET}/UDC")

    def hang_within(self, begin: int, end: int) -> None:
        """Its firmware stops as soon as it has read so far into a film, however fast the machine is.

        Some of its begin, middle and end is read before it is found, to know it by: they must lie outside.
        """
        self.guest.run(HANG.format(begin=begin, end=end))

    def pull(self) -> None:
        """Off the bus at once, whatever is under way; then its firmware ends."""
        self.guest.run(f"echo >{GADGET}/UDC && (kill $(pidof umtprd) && kill -CONT $(pidof umtprd) || :)")
        self.guest.wait("! pidof umtprd")
