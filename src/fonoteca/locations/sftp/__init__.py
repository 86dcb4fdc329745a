"""A location on an SFTP server, over paramiko (the extra `[sftp]`), which is imported only when one is used."""
