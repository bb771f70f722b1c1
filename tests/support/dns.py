"""A small DNS server on port 53 of a loopback address: A records from a table, and names that never answer."""

import socket
import struct
import threading


class DnsServer:
    """names: name -> list of IPv4 addresses, or None for one that never answers; what is not there does not exist."""

    def __init__(self, names, ttl=60):
        self.names = names
        self.ttl = ttl
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for last in range(53, 250):
            self.address = f"127.53.53.{last}"
            try:
                self._socket.bind((self.address, 53))
                break
            except OSError as error:
                if isinstance(error, PermissionError):
                    self._socket.close()
                    raise
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                packet, peer = self._socket.recvfrom(1500)
                reply = self._answer(packet)
                if reply:
                    self._socket.sendto(reply, peer)
            except OSError:
                return

    def _answer(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        name, (kind,) = ".".join(labels), struct.unpack("!H", packet[at + 1 : at + 3])
        self.asked.append(name)
        if name in self.names and self.names[name] is None:
            return None
        addresses = self.names.get(name, []) if kind == 1 else []
        records = [b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, self.ttl, 4) + socket.inet_aton(address) for address in addresses]
        code = 0x8180 | (0 if name in self.names else 3)
        return packet[:2] + struct.pack("!HHHHH", code, 1, len(records), 0, 0) + packet[12 : at + 5] + b"".join(records)
