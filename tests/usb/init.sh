#!/bin/busybox sh
# Mounts the host's root read-only with a tmpfs on top, and hands over to the agent.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
@MODULES@
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /host || exec sh
mount -t tmpfs -o size=700m tmpfs /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work overlay /new || exec sh
mkdir -p /new/usr/lib/modules /new/mnt/site /new/mnt/out
ln -sfn @KERNEL@ /new/usr/lib/modules/$(uname -r)
mkdir -p /new/run
for name in proc sys dev; do mount --move /$name /new/$name; done
mount -t tmpfs tmpfs /new/run
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts devpts /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
exec switch_root /new /bin/sh @HERE@/stage2.sh @PYTHON@ @PROJECT@
