"""What stands on the serial lines of a cabinet: lock boards, badge readers, scanners."""
