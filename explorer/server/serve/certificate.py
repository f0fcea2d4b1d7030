"""The certificate and key that TLS is served with, read before anything is started."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from explorer.base.language import _


@dataclass(frozen=True)
class Certificate:
    """Two PEM files that belong together."""

    chain: Path
    key: Path

    @classmethod
    def read(cls, chain: str, key: str) -> Self | None:
        """The certificate in these files; None where neither is named.

        Raises:
            ValueError: says which file is missing or does not hold what it should.
        """
        if not chain and not key:
            return None
        if not (chain and key):
            raise ValueError(
                _("--certificate and --key-file belong together: TLS needs both files.")
            )
        files = Path(chain).resolve(), Path(key).resolve()
        for path in files:
            try:
                with path.open("rb") as file:
                    file.read(1)
            except OSError as error:
                raise ValueError(
                    _("“{path}” cannot be read: {reason}.").format(path=path, reason=error.strerror)
                ) from error
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # An encrypted key would be asked for at the terminal; this password opens none.
            context.load_cert_chain(*files, password="")
        except (ssl.SSLError, ValueError) as error:
            raise ValueError(
                _(
                    "“{chain}” and “{key}” are not a certificate and its key. Needed are two files "
                    "in PEM format that belong together, the key without a password."
                ).format(chain=files[0], key=files[1])
            ) from error
        return cls(*files)

    def pem(self) -> bytes:
        """Certificate and key in one, as HAProxy reads them."""
        return self.chain.read_bytes().rstrip() + b"\n" + self.key.read_bytes().rstrip() + b"\n"
