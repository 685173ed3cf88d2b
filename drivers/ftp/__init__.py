"""The FTP(S) receiver: recorders that can do nothing but upload by FTP (devices 4.5)."""
