"""A guest with real USB, FAT and udev: the build machines' kernel has none of them."""
