#!/bin/sh
# Inside the guest, on the real root: udev, USB, file systems, then the agent.
#   stage2.sh PYTHON PROJECT   the interpreter that has the gateway, and where its sources lie
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
PYTHONPATH=$2 "$1" -P -m tests.warm /run/gateway.sock gateway.cli gateway.daemon drivers.usb_dock drivers.serial_dock \
    gateway.commands gateway.audit >/run/warm.log 2>&1 &  # first: it takes longest
ip link set lo up 2>/dev/null
for module in virtio_blk ext4 xhci_pci usb_storage uas sd_mod vfat exfat nls_utf8 nls_cp936 nls_cp437 nls_ascii \
    nls_iso8859_1 usbserial ftdi_sio; do
    modprobe -q $module
done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 out /mnt/out
/lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=usb --subsystem-match=block --subsystem-match=tty \
    --subsystem-match=virtio-ports
mount -t ext4 /dev/vda /mnt/site
exec /usr/bin/python3 -SE "$(dirname "$0")/agent.py"
