# SPDX-License-Identifier: GPL-2.0-or-later
"""SIPp scenarios put together from steps.

    called({"REGISTER": [recv("REGISTER", ("Require", "gin")), send("200 OK")],
            "INVITE": [recv("INVITE"), *taken()]})
    calling([*call_in(), recv_status(488), ack()])

A pair (header, pattern) is checked by SIPp: the call fails where the header does
not match. (header, None): it must not be there. What matched is [$v0], [$v1]... "first" is the request line,
"sdp" the body, "message" all of it.
"""
import re
from xml.sax.saxutils import quoteattr

SDP = """v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] {profile} {codec} 101
a=rtpmap:{codec} {name}/8000
a=rtpmap:101 telephone-event/8000
{more}"""
KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "QUJD" * 10 + "\n"


def sdp(codec=8, crypto=False):
    return SDP.format(codec=codec, name={8: "PCMA", 0: "PCMU"}[codec],
                      profile="RTP/SAVP" if crypto else "RTP/AVP",
                      more=KEY if crypto else "")


def check(n, where, pattern):
    if where == "first":
        at, pattern = 'search_in="msg"', r"^[A-Z]+ " + pattern
    elif where in ("message", "sdp"):
        at = f'search_in="{"msg" if where == "message" else "body"}"'
    else:
        at = f'search_in="hdr" header={quoteattr(where + ":")}'
    how = 'check_it="true"'
    if pattern is None:
        how, pattern = 'check_it_inverse="true"', ".+"
    return (f'<ereg regexp={quoteattr(pattern)} {at} {how} '
            f'assign_to="v{n}" />')


def actions(checks, log):
    text = "".join(check(n, *c) for n, c in enumerate(checks))
    found = "".join(f" [$v{n}]" for n, c in enumerate(checks) if c[1])
    return f"<action>{text}<log message={quoteattr(log + found)} /></action>"


def recv(method, *checks, auth=None, more=""):
    """auth: (user, password) that the credentials must be made with."""
    verify = ""
    if auth:
        verify = (f'<action><verifyauth assign_to="good" username="{auth[0]}" '
                  f'password="{auth[1]}" /></action>')
    routes = 'rrs="true"' if method == "INVITE" else ""
    return (f'<recv request="{method}" {routes} {more}>'
            f'{actions(checks, "got " + method)}{verify}</recv>\n')


def message(lines, body):
    kind = "Content-Type: application/sdp\n" if body else ""
    head = "\n".join(x for x in lines if x)
    return (f"<send retrans=\"500\"><![CDATA[\n{head}\n{kind}"
            f"Content-Length: [len]\n\n{body}]]></send>\n")


def send(status, *headers, body=""):
    """A response to what was received last."""
    return message([f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]",
                    "[last_To:]" if status[0] == "1" else
                    "[last_To:];tag=[pid]S[call_number]",
                    "[last_Call-ID:]", "[last_CSeq:]", *headers],
                   body).replace(' retrans="500"', "" if status[:3] != "200" or
                                 not body else ' retrans="500"')


CONTACT = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"


def taken(body, *headers):
    """Answers the INVITE and waits for the end."""
    return [send("200 OK", CONTACT, *headers, body=body), recv("ACK"),
            recv("BYE"), in_dialog("200 OK")]


def in_dialog(status):
    return message([f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]",
                    "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"],
                   "").replace(' retrans="500"', "")


def scenario(name, text):
    names = set(",".join(re.findall(r'assign_to="([\w,]+)"', text)).split(","))
    used = (f'<Reference variables="{",".join(sorted(names))}" />\n'
            if any(names) else "")
    return ('<?xml version="1.0" encoding="ISO-8859-1" ?>\n'
            f'<scenario name="{name}">\n{text}{used}</scenario>\n')


def called(name, branches):
    """Each new Call-ID takes the branch of its first request."""
    last = list(branches)[-1]
    text = ""
    for n, (method, steps) in enumerate(branches.items(), 1):
        first = steps[0]
        if method != last:
            first = first.replace(
                "<recv ", f'<recv optional="true" next="{n}" ', 1)
        text += first
    text += "".join(branches[last][1:])
    for n, (method, steps) in enumerate(branches.items(), 1):
        if method != last:
            text += (f'<nop next="99" />\n<label id="{n}" />\n'
                     + "".join(steps[1:]))
    return scenario(name, text + '<label id="99" />\n')


def request(method, number, *headers, body="", cseq=1, to="", call=""):
    """call: "NAME///" for another dialog of the same scenario."""
    return message(
        [f"{method} sip:{number}@[remote_ip]:[remote_port] SIP/2.0",
         "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
         "From: <sip:+4930777@[local_ip]:[local_port]>;tag=[pid]C[call_number]",
         f"To: <sip:{number}@[remote_ip]:[remote_port]>{to}",
         f"Call-ID: {call}[call_id]", f"CSeq: {cseq} {method}", CONTACT,
         "Max-Forwards: 70", *headers], body)


def status(code, more=""):
    return f'<recv response="{code}" rrs="true" {more} />\n'


def ack(number, to="[peer_tag_param]", call=""):
    return request("ACK", number, to=to, call=call).replace(
        ' retrans="500"', "")


def calling_in(name, number, body, *headers, refused=0):
    """SIPp calls; the call is answered, cleared again; or refused."""
    text = request("INVITE", number, *headers, body=body)
    text += status(100, 'optional="true"') + status(180, 'optional="true"')
    text += status(183, 'optional="true"')
    if refused:
        return scenario(name, text + status(refused) + ack(number))
    return scenario(name, text + status(200) + ack(number)
                    + '<pause milliseconds="100" />'
                    + request("BYE", number, cseq=2, to="[peer_tag_param]")
                    + status(200))
