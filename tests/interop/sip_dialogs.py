#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Dialogs to the letter, against SIPp, both roles: what RFC 3261 and its
extensions have happen beside the plain call (sip_sipp.sh). Each case has its
clause, and its control (sipcase.py)."""
import sys

from sipcase import run_all, we_are_called, we_call
from sippxml import CONTACT, ack, asks, cleared, ended, in_dialog, invite
from sippxml import maybe, pause, recv, reply, same_branch, sdp, send, status
from sippxml import taken, within

NUMBER = "0711200"
G729 = sdp(18).replace(" 101", "", 1).replace(
    "a=rtpmap:101 telephone-event/8000\n", "")
HELD = sdp(8, more="a=recvonly\n")
REFUSED_ACK = same_branch(ack(NUMBER))
ANSWERED = [maybe(100, 180), status(200), within("ACK", cseq=1)]
INVITED = recv("INVITE", keep="i")
OK = reply("i", "200 OK", CONTACT, body=sdp())
BYE = recv("BYE") + in_dialog("200 OK")
TOO_SOON = "unexpected BYE"  # what should have come before it has not


def refused(code, *checks):
    return [maybe(100), status(code, *checks), REFUSED_ACK]


# --- RFC 3261 8.2, 21: what is not understood ---
UNDERSTOOD = [
    we_are_called(
        "420: an extension that nobody knows (8.2.2.3)",
        [invite("Require: timer, x-unheard-of"),
         *refused(420, ("Unsupported", "^ *x-unheard-of *$"))],
        ("Require:", "Supported:", "received 'SIP/2.0 180")),
    we_call(
        "420 from the peer: the call ends, with cause 127 (RFC 4497 8.4.4)",
        [recv("INVITE", ("Require", "100rel")),
         send("420 Bad Extension", "Unsupported: 100rel"), recv("ACK")],
        ("420 Bad Extension", "486 Busy Here", "cause_127"),
        own="prack: required", released=1, cause_127=1,
        detail="420 Bad Extension"),
    we_are_called(
        "421: without what this trunk requires (RFC 3262 3)",
        refused(421, ("Require", "100rel")),
        ("prack: required", "prack: 'on'", "received 'SIP/2.0 1"),
        own="prack: required"),
    we_are_called(
        "405: a method that is not served says what is (8.2.1)",
        [invite(body="").replace("INVITE", "MESSAGE"),
         status(405, ("Allow", "INVITE.*ACK.*BYE"))],
        ("MESSAGE", "OPTIONS", "received 'SIP/2.0 200")),
    we_are_called(
        "415: a body that nobody can do without (8.2.3)",
        [invite("Content-Disposition: signal;handling=required",
                body=sdp()).replace("application/sdp", "application/isup"),
         *refused(415, ("Accept", "application/sdp"))],
        ("handling=required", "handling=optional", "received 'SIP/2.0 180")),
    we_are_called(
        "415: a body in a coding (8.2.3)",
        [invite("Content-Encoding: gzip"),
         *refused(415, ("Accept-Encoding", "identity"))],
        ("gzip", "identity", "received 'SIP/2.0 180")),
    we_call(
        "415 from the peer: cause 79 (RFC 4497 8.4.4)",
        [recv("INVITE"), send("415 Unsupported Media Type"), recv("ACK")],
        ("415 Unsupported Media Type", "404 Not Found", "cause_79"),
        released=1, cause_79=1),
    we_are_called(
        "481: CANCEL of nothing (9.2)",
        [invite(body="").replace("INVITE", "CANCEL"), status(481)],
        ("CANCEL", "OPTIONS", "received 'SIP/2.0 200")),
]

# --- offers and answers: RFC 3264, 3311, 6141 ---
OFFERS = [
    we_are_called(
        "488: no codec in common (RFC 3261 13.3.1.3)",
        [invite(body=G729), *refused(488, ("Warning", "^ *304 "))],
        (" RTP/AVP 18", " RTP/AVP 8", "received 'SIP/2.0 1")),
    we_call(
        "488 with a Warning from the peer: cause 65 (RFC 4497 8.4.4)",
        [recv("INVITE"), send("488 Not Acceptable Here",
                              'Warning: 304 peer "no"'), recv("ACK")],
        ("Warning: 304", "Warning: 399", "cause_65"), released=1, cause_65=1),
    we_are_called(
        "488 to a further offer leaves the call as it was (RFC 6141 3.1)",
        [*ANSWERED, within("INVITE", body=G729, cseq=2), maybe(100),
         status(488), same_branch(within("ACK", cseq=2)), pause(200), ended()],
        (" RTP/AVP 18", " RTP/AVP 8", "updated is 1"),
        released=1, cause_16=1, updated=0),
    we_call(
        "488 to our hold leaves the call as it was",
        [INVITED, OK, recv("ACK"),
         recv("INVITE", ("sdp", "a=sendonly"), keep="j"),
         send("488 Not Acceptable Here").replace(
             ";tag=[pid]S[call_number]", ""), recv("ACK"), BYE],
        ("a=sendonly", "a=inactive", "regexp 'a=inactive"),
        ["change=100", "hold=400"], answered=1, released=1, cause_16=1),
    we_are_called(
        "UPDATE offers too early: 500 and when to come again (RFC 3311 5.2)",
        [maybe(100), status(180), within("UPDATE", body=sdp(0), cseq=2),
         status(500, ("Retry-After", "^ *[0-9]+")), status(200),
         within("ACK", cseq=1), ended()],
        ("UPDATE", "INFO", "received 'SIP/2.0 200"), ["ring=500"],
        answered=1, cause_16=1),
]


def rel(code, rseq, tag="S", body=None):
    """A reliable provisional response of SIPp (RFC 3262)."""
    return reply("i", f"{code} Session Progress", CONTACT, "Require: 100rel",
                 f"RSeq: {rseq}", body=sdp() if body is None else body, tag=tag)


def pracked(rseq, *checks):
    return recv("PRACK", ("RAck", f"^ *{rseq} "), *checks) + in_dialog("200 OK")


MOVED = sdp(0)
EARLY = [
    we_call(
        "early UPDATE of the peer: its media moves before it answers "
        "(RFC 3311 5.2)",
        [INVITED, rel(183, 7), pracked(7),
         asks("i", "UPDATE", body=MOVED), status(200, ("sdp", "RTP/AVP 0 ")),
         reply("i", "200 OK", CONTACT), recv("ACK"), BYE],
        ("UPDATE", "INFO", "regexp 'RTP/AVP 0"),
        ["hold=100"], answered=1, updated=1),
    we_are_called(
        "early UPDATE of the caller, after PRACK",
        [invite("Supported: 100rel", number="0711183"), maybe(100),
         status(183, ("RSeq", "[0-9]+"), ("sdp", "RTP/AVP 8 ")),
         within("PRACK", "RAck: [$v0] 1 INVITE", cseq=2), status(200),
         within("UPDATE", body=MOVED, cseq=3), status(200, ("sdp",
                                                            "RTP/AVP 0 ")),
         status(200), within("ACK", cseq=1), ended()],
        ("RAck: [$v0]", "RAck: 4[$v0]", "received 'SIP/2.0 481"),
        ["ring=500"], answered=1, updated=1),
    we_call(
        "forked early dialogs: each has its PRACK; the 200 of one, and late "
        "that of the other, which is acknowledged and cleared (RFC 3261 "
        "13.2.2.4)",
        [INVITED, rel(183, 7, "A"), pracked(7, ("To", "tag=[0-9]+A")),
         rel(183, 20, "B"), pracked(20, ("To", "tag=[0-9]+B")),
         reply("i", "200 OK", CONTACT, tag="B"),
         recv("ACK", ("To", "tag=[0-9]+B")), pause(300),
         reply("i", "200 OK", CONTACT, body=sdp(), tag="A"),
         recv("ACK", ("To", "tag=[0-9]+A")),
         recv("BYE", ("To", "tag=[0-9]+A")), in_dialog("200 OK"),
         recv("BYE", ("To", "tag=[0-9]+B")), in_dialog("200 OK")],
        ("RSeq: 20", "RSeq: 0", "timeout"), ["hold=1000"],
        answered=1, released=1, cause_16=1),
    we_call(
        "181 from the peer is told, once (RFC 3261 21.1.3)",
        [INVITED, reply("i", "181 Call Is Being Forwarded"),
         reply("i", "180 Ringing"), OK, recv("ACK"), BYE],
        ("181 Call Is Being Forwarded", "182 Queued", "diverted is 0"),
        ["hold=100"], diverted=1, alerted=1, answered=1),
    we_are_called(
        "181 to the caller, when the line says that the call is diverted",
        [invite(number="0711181"), maybe(100), status(181), status(180),
         status(200), within("ACK", cseq=1), ended()],
        ("0711181", "0711123", "received 'SIP/2.0 180"), answered=1),
    we_call(
        "183 without a description, then 180, then early media",
        [INVITED, reply("i", "183 Session Progress"),
         reply("i", "180 Ringing"),
         reply("i", "183 Session Progress", CONTACT, body=sdp()), OK,
         recv("ACK"), BYE],
        ("a=rtpmap:101 telephone-event/8000", "m", "inband"), ["hold=100"],
        alerted=1, inband=1, answered=1),
]

# --- RFC 3261 14: two at once ---
GLARE = [
    we_call(
        "491: the peer's INVITE crosses ours, which comes again (14.1, as the "
        "owner of the Call-ID)",
        [INVITED, OK, recv("ACK"), recv("INVITE", keep="j"),
         asks("i", "INVITE", body=sdp()), maybe(100), status(491),
         same_branch(asks("i", "ACK")),
         reply("j", "491 Request Pending", tag=""), recv("ACK"),
         recv("INVITE", ("sdp", "a=sendonly"), keep="k"),
         reply("k", "200 OK", CONTACT, body=HELD, tag=""), recv("ACK"), BYE],
        ("491 Request Pending", "403 Forbidden", TOO_SOON),
        ["change=100", "hold=5000"], answered=1, released=1, cause_16=1),
    we_are_called(
        "491: ours crosses the caller's, and comes again soon (14.1)",
        [*ANSWERED, recv("INVITE", keep="j"),
         within("INVITE", body=sdp(), cseq=2), maybe(100), status(491),
         same_branch(within("ACK", cseq=2)),
         reply("j", "491 Request Pending", tag=""), recv("ACK"),
         recv("INVITE", ("sdp", "a=sendonly"), keep="k"),
         reply("k", "200 OK", CONTACT, body=HELD, tag=""), recv("ACK"),
         cleared()],
        ("491 Request Pending", "403 Forbidden", TOO_SOON),
        ["change=100", "hold=3500"], answered=1, released=1, cause_16=1),
    we_call(
        "500 with Retry-After to our INVITE: it comes again then (14.1)",
        [INVITED, OK, recv("ACK"), recv("INVITE", keep="j"),
         reply("j", "500 Busy With Another", "Retry-After: 1", tag=""),
         recv("ACK"), recv("INVITE", ("sdp", "a=sendonly"), keep="k"),
         reply("k", "200 OK", CONTACT, body=HELD, tag=""), recv("ACK"), BYE],
        ("Retry-After: 1", "X: 1", TOO_SOON), ["change=100", "hold=2500"],
        answered=1, released=1, cause_16=1),
]

# --- RFC 3261 9: CANCEL, and what crosses it ---
CANCEL = [
    we_call(
        "CANCEL crosses the answer: ACK and BYE (9.1, 15)",
        [INVITED, reply("i", "180 Ringing"), recv("CANCEL", keep="c"),
         reply("c", "200 OK"), OK, recv("ACK"), BYE],
        ("200 OK\nVia:[$iVia]", "486 Busy Here\nVia:[$iVia]", "timeout"),
        ["giveup=200"], answered=0,
        released=1),
    we_call(
        "CANCEL waits for a provisional response (9.1)",
        [INVITED, pause(300), reply("i", "180 Ringing"),
         recv("CANCEL", ("first", "sip:.*49711000@"), keep="c"),
         reply("c", "200 OK"), reply("i", "487 Request Terminated"),
         recv("ACK")],
        ("180 Ringing", "486 Busy Here", "received 'ACK"), ["giveup=100"],
        answered=0, released=1),
    we_are_called(
        "CANCEL that comes after the answer changes nothing (9.2)",
        [maybe(100, 180), status(200),
         same_branch(invite(body="").replace("INVITE", "CANCEL")),
         status(200, ("CSeq", "CANCEL")), within("ACK", cseq=1), pause(200),
         ended()],
        ("branch=[branch-", "branch=[branch+",
         "received 'SIP/2.0 481"), answered=1, released=1, cause_16=1),
    we_are_called(
        "BYE crosses BYE (RFC 5407 3.1.3)",
        [*ANSWERED, recv("BYE", keep="b"), within("BYE", cseq=2), status(200),
         reply("b", "200 OK", tag="")],
        ("BYE [next_url]", "INFO [next_url]", "received 'SIP/2.0 400"),
        ["hold=200"], answered=1, released=1),
]

# --- RFC 3261 12.2, 16.12: routes ---
A, B = ("<sip:{}@[local_ip]:[local_port];lr>".format(x) for x in "ab")
ROUTES = [
    we_call(
        "Record-Route of the answer: our requests bear it, the other way round",
        [INVITED, reply("i", "200 OK", CONTACT, f"Record-Route: {A}, {B}",
                        body=sdp()),
         recv("ACK", ("first", "sip:sipp@"), ("message", "Route: <sip:b@.*Route: <sip:a@")),
         recv("BYE", ("message", "Route: <sip:b@.*Route: <sip:a@")), in_dialog("200 OK")],
        ("Record-Route: ", "X-Route: ", "regexp 'Route: "), ["hold=100"],
        answered=1),
    we_are_called(
        "Record-Route of the INVITE: in the answer, and the route of our BYE",
        [invite(f"Record-Route: {A}, {B}"), maybe(100, 180),
         status(200, ("message", "Record-Route: <sip:a@.*<sip:b@")),
         within("ACK", cseq=1), cleared(("message", "Route: <sip:a@.*Route: <sip:b@"))],
        ("Record-Route: <sip:a@", "Record-Route: <sip:c@", "with regexp"),
        ["hold=100"], answered=1),
    we_are_called(
        "a strict router first: it is the Request-URI, the target is last "
        "(12.2.1.1)",
        [invite(f"Record-Route: {A.replace(';lr', '')}, {B}"),
         maybe(100, 180), status(200), within("ACK", cseq=1),
         cleared(("first", "sip:a@"), ("message", "Route: <sip:b@.*Route: <sip:sipp@"))],
        ("a@[local_ip]:[local_port]>,", "a@[local_ip]:[local_port];lr>,",
         "sip:a@"), ["hold=100"], answered=1),
]

# --- RFC 3261 8.1.3.4, 21.3 ---
NEXT = recv("INVITE", ("first", r"sip:\+49711999@"),
            ("Diversion", r"sip:\+49711000@.*reason=unconditional"))
ELSEWHERE = ("Contact: <sip:+49711888@[local_ip]>;q=0.3, "
             "<sip:+49711999@[local_ip]>;q=0.8")
REDIRECTS = [
    we_call(
        "302: the contact with the highest q, and who has diverted",
        [INVITED, reply("i", "302 Moved Temporarily", ELSEWHERE), recv("ACK"),
         NEXT, *taken(sdp())],
        ("q=0.8", "q=0.2", "with regexp"), ["hold=100"],
        own="follow_redirects: true", answered=1),
    we_call(
        "302 after early media",
        [INVITED, reply("i", "183 Session Progress", CONTACT, body=sdp()),
         reply("i", "302 Moved Temporarily", ELSEWHERE), recv("ACK"), NEXT,
         *taken(sdp())],
        ("follow_redirects: true", "follow_redirects: false", "answered is 0"),
        ["hold=100"], own="follow_redirects: true", answered=1, inband=1),
]

# --- RFC 4028: who refreshes, and when (45 s of the least interval) ---
LASTING = 60
NINETY = "Session-Expires: 90;refresher="
TIMERS = [
    we_are_called(
        "422: an interval that is too small (RFC 4028 9)",
        [invite("Supported: timer", "Session-Expires: 60"),
         *refused(422, ("Min-SE", "^ *90"))],
        ("Session-Expires: 60", "Session-Expires: 90",
         "received 'SIP/2.0 180")),
    we_call(
        "422 from the peer: the call is placed with its interval (7.3)",
        [recv("INVITE", ("Session-Expires", "^ *1800")),
         send("422 Interval Too Small", "Min-SE: 2000"), recv("ACK"),
         recv("INVITE", ("Session-Expires", "^ *2000"), ("Min-SE", "2000")),
         *taken(sdp())],
        ("Min-SE: 2000", "Min-SE: 1999", "with regexp"), ["hold=100"],
        answered=1),
    we_call(
        "as the caller we refresh, by UPDATE (RFC 4028 7.2, 10)",
        [recv("INVITE", ("Session-Expires", "^ *90"), keep="i"),
         reply("i", "200 OK", CONTACT, "Allow: INVITE, UPDATE",
               "Require: timer", NINETY + "uac", body=sdp()), recv("ACK"),
         recv("UPDATE", ("Session-Expires", "^ *90;refresher=uac")),
         in_dialog("200 OK").replace("Content-Length", NINETY
                                     + "uac\nContent-Length"),
         recv("BYE"), in_dialog("200 OK")],
        ("Allow: INVITE, UPDATE", "Allow: INVITE", "received 'INVITE"),
        ["hold=47000", f"limit={LASTING}"], own="session_expires: 90",
        answered=1, cause_16=1).lasting(LASTING),
    we_are_called(
        "as the called we refresh, by INVITE, where UPDATE is not allowed",
        [invite("Supported: timer", "Allow: INVITE, ACK, BYE", NINETY + "uas"),
         maybe(100, 180),
         status(200, ("Session-Expires", "^ *90;refresher=uas"),
                ("Require", "timer")),
         within("ACK", cseq=1),
         recv("INVITE", ("Session-Expires", "^ *90;refresher=uac"), keep="j"),
         reply("j", "200 OK", CONTACT, NINETY + "uac", body=sdp(), tag=""),
         recv("ACK"), cleared()],
        ("Allow: INVITE, ACK, BYE", "Allow: INVITE, UPDATE",
         "received 'UPDATE"),
        ["hold=47000", f"limit={LASTING}"], own="session_expires: 90",
        answered=1, cause_16=1).lasting(LASTING),
]

# --- RFC 7989 6, 7: one identifier a side ---
UUID, NIL = "0123456789abcdef0123456789abcdef", "0" * 32
BOTH = f"[0-9a-f]{{32}};remote={UUID}"
SESSION_ID = [
    we_are_called(
        "Session-ID of the caller: in every response and request of ours",
        [invite(f"Session-ID: {UUID};remote={NIL}"), maybe(100),
         status(180, ("Session-ID", BOTH)), status(200, ("Session-ID", BOTH)),
         within("ACK", cseq=1), cleared(("Session-ID", BOTH))],
        ("session_id: true", "session_id: false", "header Session-ID:"),
        ["hold=100"], own="session_id: true", answered=1),
    we_call(
        "Session-ID of the called: from its first answer on",
        [recv("INVITE", ("Session-ID", f"[0-9a-f]{{32}};remote={NIL}"),
              keep="i"),
         reply("i", "200 OK", CONTACT, f"Session-ID: {UUID};remote={NIL}",
               body=sdp()),
         recv("ACK", ("Session-ID", BOTH)), recv("BYE", ("Session-ID", BOTH)),
         in_dialog("200 OK")],
        (f"Session-ID: {UUID}", f"Session-ID: {UUID[::-1]}", "with regexp"),
        ["hold=100"], answered=1),
]

CASES = (UNDERSTOOD + OFFERS + EARLY + GLARE + CANCEL + ROUTES + REDIRECTS
         + SESSION_ID)

if __name__ == "__main__":
    # what lasts first: the rest goes on beside it
    sys.exit(run_all(TIMERS[::-1] + CASES))
