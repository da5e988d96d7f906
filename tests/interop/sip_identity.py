#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who calls, who was called before, and what else a call carries, against SIPp,
both ways. Each case has its clause, and its control (sipcase.py); STIR has
stir.py, each profile's own headers sip_profiles.py."""
import sys

from sipcase import run_all, we_are_called, we_call
from sippxml import CONTACT, ack, asks, cleared, ended, in_dialog, invite
from sippxml import maybe, recv, reply, same_branch, sdp, send, status
from sippxml import taken, within

INVITED = recv("INVITE", keep="i")
OK = reply("i", "200 OK", CONTACT, body=sdp())
BYE = recv("BYE") + in_dialog("200 OK")
ANSWERED = [maybe(100, 180), status(200), within("ACK", cseq=1)]
USUAL = [*ANSWERED, ended()]
USER_BUSY, NO_REPLY = 1, 2  # enum cc_divert_reason
LOCAL_NETWORK = 2           # enum cc_location
DIVERTED = ["hold=100", "redirecting=+49711555", "reason=1"]


def uri(number):
    """The Request-URI and To of the INVITE."""
    return invite().replace(
        "INVITE sip:0711200@[remote_ip]:[remote_port]", f"INVITE {number}")


# --- RFC 5806, RFC 7044 ---
DIVERSION = [
    we_are_called(
        "Diversion: the last party that diverted, why, and how often",
        [invite("Diversion: <sip:+49711555@[local_ip]>;reason=user-busy;"
                "counter=2"), *USUAL],
        ("reason=user-busy", "reason=no-answer", "divert_reason is 2"),
        redirecting="49711555", divert_reason=USER_BUSY, divert_count=2),
    we_are_called(
        "History-Info: the same, by its causes (RFC 7044, RFC 4458)",
        [invite("History-Info: <sip:+49711555@[local_ip]>;index=1, "
                "<sip:+49711200@[local_ip];cause=408>;index=1.1;mp=1"), *USUAL],
        ("cause=408", "cause=486", "divert_reason is 1"),
        redirecting="49711555", divert_reason=NO_REPLY),
    we_call(
        "Diversion and History-Info of a call that the line has diverted",
        [recv("INVITE", ("Diversion", r"sip:\+49711555@.*reason=user-busy"),
              ("message", r"History-Info: .*sip:\+49711555@.*index=1"
               r".*sip:\+49711000@.*cause=486.*index=1[.]1")), *taken(sdp())],
        ("diversion: both", "diversion: 'off'", "header Diversion:"), DIVERTED,
        own="diversion: both", answered=1),
]

# --- RFC 7433 ---
UUI = [
    we_are_called(
        "User-to-User of the INVITE and of the BYE",
        [invite("User-to-User: 04666f6f;encoding=hex"), *ANSWERED,
         within("BYE", "User-to-User: 04626172;encoding=hex", cseq=9),
         status(200)],
        ("04626172", "04626173", "uui is 04626173"),
        own="user_to_user: true", uui="04626172"),
    we_call(
        "User-to-User of ours, and of the answer",
        [recv("INVITE", ("User-to-User", "^ *04616263.*encoding=hex"),
              keep="i"),
         reply("i", "200 OK", CONTACT, "User-to-User: 04666f6f;encoding=hex",
               body=sdp()), recv("ACK"),
         recv("BYE", ("User-to-User", "^ *04616263")), in_dialog("200 OK")],
        ("user_to_user: true", "user_to_user: false", "header User-to-User:"),
        ["hold=100", "uui=04616263"], own="user_to_user: true", answered=1,
        uui="04666f6f"),
]

# --- RFC 3326, RFC 8606, RFC 5009 ---
WHY = [
    we_are_called(
        "Reason of a refusal, with its location",
        [invite(number="0711486"), maybe(100, 180),
         status(486, ("Reason", "Q.850;cause=17;.*location=U")),
         same_branch(ack("0711486"))],
        ("0711486", "0711123", "received 'SIP/2.0 200"), released=1,
        cause_17=1),
    we_call(
        "Reason of the peer's refusal decides, with its location",
        [recv("INVITE"),
         send("486 Busy Here", "Reason: Q.850;cause=27;location=LN"),
         recv("ACK")],
        ("location=LN", "location=RLN", "location is"), released=1,
        cause_27=1, location=LOCAL_NETWORK),
    we_are_called(
        "P-Early-Media: said to who has asked (RFC 5009 8)",
        [invite("P-Early-Media: supported", number="0711183"), maybe(100),
         status(183, ("P-Early-Media", "sendrecv")), status(200),
         within("ACK", cseq=1), ended()],
        ("early_media: honour", "early_media: ignore",
         "header P-Early-Media:"), own="early_media: honour", answered=1),
    we_call(
        "P-Early-Media: inactive media is not heard, what comes later is",
        [INVITED, reply("i", "183 Session Progress", CONTACT,
                        "P-Early-Media: inactive", body=sdp()),
         reply("i", "183 Session Progress", "P-Early-Media: sendrecv"), OK,
         recv("ACK"), BYE],
        ("P-Early-Media: inactive", "P-Early-Media: sendonly", "inband is"),
        ["hold=100"], inband=1, answered=1),
]

# --- RFC 3325, 3323, 4916 ---
WHO = [
    we_are_called(
        "P-Asserted-Identity is believed of a trusted trunk, and who wants to "
        "be private is not shown",
        [invite("P-Asserted-Identity: \"Max\" <sip:+4930778@[local_ip]>, "
                "<tel:+4930778>", "Privacy: id"), *USUAL],
        ("trusted: true", "trusted: false", "^asserted is"),
        own="trusted: true", asserted="4930778"),
    we_call(
        "connected number of the answer, and another one by UPDATE (RFC 4916)",
        [INVITED, reply("i", "200 OK", CONTACT, "Supported: from-change",
                        "P-Asserted-Identity: <sip:+49711001@[local_ip]>",
                        body=sdp()),
         recv("ACK"),
         asks("i", "UPDATE", "P-Asserted-Identity: <sip:+49711002@[local_ip]>"),
         status(200), BYE],
        ("UPDATE", "INFO", "connected is 49711001"), ["hold=500"],
        own="trusted: true", answered=1, connected="49711002"),
]

# --- RFC 3966, 4694, 4904 ---
NUMBERS = [
    we_are_called(
        "tel: with separators (RFC 3966 3)",
        [uri("tel:+49-711-(200)"), *USUAL],
        ("tel:+49-711-(200)", "tel:+49-711-(201)", "called is 49711201"),
        called="49711200"),
    we_are_called(
        "a local number in our context, and user parameters in sip:",
        [uri("sip:0711200;phone-context=pbx.example;isub=12@[remote_ip]:[remote_port];"
             "user=phone"), *USUAL],
        (";phone-context=pbx.", ";phone-context=other.",
         "received 'SIP/2.0 404"), own="phone_context: pbx.example",
        called="0711200"),
    we_are_called(
        "the routing number of a ported one (RFC 4694 6)",
        [uri("tel:+49711200;npdi;rn=+4930999"), *USUAL],
        ("routing_number: true", "routing_number: false",
         "called is 49711200"), own="routing_number: true", called="4930999"),
    we_call(
        "tel: and the trunk's own domain, where it wants them",
        [recv("INVITE", ("first", r"tel:\+49711000 "),
              ("To", r"<tel:\+49711000>")), *taken(sdp())],
        ("tel_uri: true", "tel_uri: false", "regexp '.*tel:"), ["hold=100"],
        own="tel_uri: true", answered=1),
]

CASES = DIVERSION + UUI + WHY + WHO + NUMBERS

if __name__ == "__main__":
    sys.exit(run_all(CASES))
