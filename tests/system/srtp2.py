# SPDX-License-Identifier: GPL-2.0-or-later
"""libsrtp2 (ctypes): one RTP stream each way, AES_CM_128_HMAC_SHA1_80."""
import base64
import ctypes

ROOM = 64  # for the tag; libsrtp2 writes in place
INBOUND, OUTBOUND = 2, 3  # srtp_ssrc_type_t: any stream of that way
RTP, RTCP, KEY = 8, 32, 56  # in srtp_policy_t

_lib = ctypes.CDLL("libsrtp2.so.1")
_lib.srtp_init()


class _Way:
    def __init__(self, kind, inline):
        self.key = ctypes.create_string_buffer(base64.b64decode(inline))
        policy = ctypes.create_string_buffer(256)
        for at in (RTP, RTCP):
            _lib.srtp_crypto_policy_set_rtp_default(ctypes.byref(policy, at))
        ctypes.c_int.from_buffer(policy).value = kind
        ctypes.c_void_p.from_buffer(policy, KEY).value = \
            ctypes.addressof(self.key)
        self.session = ctypes.c_void_p()
        status = _lib.srtp_create(ctypes.byref(self.session), policy)
        if status:
            raise ValueError(f"srtp_create: {status}")

    def apply(self, function, packet):
        """None: it is not genuine, or was there before."""
        data = ctypes.create_string_buffer(packet, len(packet) + ROOM)
        size = ctypes.c_int(len(packet))
        if function(self.session, data, ctypes.byref(size)):
            return None
        return data.raw[:size.value]


class Srtp:
    """theirs, ours: what stands behind inline: in the crypto lines."""

    def __init__(self, theirs, ours):
        self.rx, self.tx = _Way(INBOUND, theirs), _Way(OUTBOUND, ours)

    def open(self, packet):
        return self.rx.apply(_lib.srtp_unprotect, packet)

    def seal(self, packet):
        return self.tx.apply(_lib.srtp_protect, packet)
