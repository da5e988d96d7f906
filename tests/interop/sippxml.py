# SPDX-License-Identifier: GPL-2.0-or-later
"""SIPp scenarios put together from steps.

    called({"REGISTER": [recv("REGISTER", ("Require", "gin")), send("200 OK")],
            "INVITE": [recv("INVITE"), *taken()]})
    calling("refused", [invite(body=sdp(18)), maybe(100), status(488),
                        same_branch(within("ACK", cseq=1))])

A pair (header, pattern) is checked by SIPp: the call fails where the header does
not match. (header, None): it must not be there. What matched is [$v0], [$v1]...
"first" is the request line, "sdp" the body, "message" all of it.

SIPp answers what it received last (send), or, with keep="i", any earlier request
(reply("i", ...)), with a tag of each branch of a fork; its own requests are those
of the caller (request, within) or of the callee (asks).
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


def sdp(codec=8, crypto=False, more=""):
    return SDP.format(codec=codec,
                      name={8: "PCMA", 0: "PCMU", 18: "G729"}[codec],
                      profile="RTP/SAVP" if crypto else "RTP/AVP",
                      more=(KEY if crypto else "") + more)


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


def actions(checks, log, more=""):
    text = more + "".join(check(n, *c) for n, c in enumerate(checks))
    found = "".join(f" [$v{n}]" for n, c in enumerate(checks) if c[1])
    return f"<action>{text}<log message={quoteattr(log + found)} /></action>"


KEPT = {"Via": "Via", "From": "From", "To": "To", "Call": "Call-ID",
        "CSeq": "CSeq"}


def kept(name):
    return "".join(f'<ereg regexp=".*" search_in="hdr" header="{header}:" '
                   f'assign_to="{name}{short}" />'
                   for short, header in KEPT.items())


def recv(method, *checks, auth=None, more="", keep=""):
    """auth: (user, password) that the credentials must be made with; keep: the
    name under which it is answered later (reply)."""
    verify = kept(keep) if keep else ""
    if auth:
        verify += (f'<verifyauth assign_to="good" username="{auth[0]}" '
                  f'password="{auth[1]}" />')
    routes = 'rrs="true"' if method == "INVITE" else ""
    return (f'<recv request="{method}" {routes} {more}>'
            f'{actions(checks, "got " + method, verify)}</recv>\n')


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


def reply(kept, status, *headers, body="", tag="S"):
    """A response to the request that was kept; tag: of one branch."""
    text = message([f"SIP/2.0 {status}", f"Via:[${kept}Via]",
                    f"From:[${kept}From]",
                    f"To:[${kept}To]" + (f";tag=[pid]{tag}[call_number]"
                                         if tag else ""),
                    f"Call-ID:[${kept}Call]", f"CSeq:[${kept}CSeq]", *headers],
                   body)
    return text if status[0] == "2" and body else text.replace(
        ' retrans="500"', "")


CONTACT = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"


def taken(body, *headers):
    """Answers the INVITE and waits for the end."""
    return [send("200 OK", CONTACT, *headers, body=body), recv("ACK"),
            recv("BYE"), in_dialog("200 OK")]


def in_dialog(status):
    return message([f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]",
                    "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"],
                   "").replace(' retrans="500"', "")


def of_invite(text):
    """CANCEL, and ACK of what is no 2xx, have the branch of their INVITE (RFC
    3261 9.1, 17.1.1.3): SIPp counts back to it."""
    steps = re.split(r"(?=<(?:send|recv|pause|nop|timewait)\b)", text)
    invite = 0
    for n, step in enumerate(steps):
        if "\nINVITE " in step and step.startswith("<send"):
            invite = n
        steps[n] = step.replace("[branch of INVITE]", f"[branch-{n - invite}]")
    return "".join(steps)


def scenario(name, text):
    text = of_invite(text)
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


def within(method, *headers, body="", cseq=2, number="0711200"):
    """A request of the caller in the dialog, by its route set."""
    text = request(method, number, "[routes]", *headers, body=body, cseq=cseq,
                   to="[peer_tag_param]")
    return text.replace(f"{method} sip:{number}@[remote_ip]:[remote_port] SIP",
                        f"{method} [next_url] SIP").replace(
        ' retrans="500"', "" if method == "ACK" else ' retrans="500"')


def asks(kept, method, *headers, body="", cseq=1, tag="S"):
    """A request of the callee in the dialog that the kept INVITE began."""
    return message(
        [f"{method} [next_url] SIP/2.0",
         "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
         f"From:[${kept}To];tag=[pid]{tag}[call_number]", f"To:[${kept}From]",
         f"Call-ID:[${kept}Call]", f"CSeq: {cseq} {method}", CONTACT,
         "Max-Forwards: 70", *headers], body).replace(
        ' retrans="500"', "" if method == "ACK" else ' retrans="500"')


def invite(*headers, body=None, number="0711200", cseq=1):
    """That begins a call of the caller."""
    return request("INVITE", number, *headers, cseq=cseq,
                   body=sdp() if body is None else body)


def ended():
    """The caller ends its call."""
    return within("BYE", cseq=9) + status(200)


def cleared(*checks):
    """We end the call of the caller."""
    return recv("BYE", *checks) + in_dialog("200 OK")


def calling(name, steps):
    return scenario(name, "".join(steps))


def same_branch(text):
    """Of its INVITE: that ACK is of no 2xx; or it is a CANCEL."""
    return text.replace("branch=[branch]", "branch=[branch of INVITE]")


def pause(ms):
    return f'<pause milliseconds="{ms}" />\n'


def status(code, *checks, more=""):
    return (f'<recv response="{code}" rrs="true" {more}>'
            f"{actions(checks, f'got {code}')}</recv>\n")


def maybe(*codes):
    """Provisional responses that may come."""
    return "".join(status(c, more='optional="true"') for c in codes)


def ack(number, to="[peer_tag_param]", call=""):
    return request("ACK", number, to=to, call=call).replace(
        ' retrans="500"', "")


def calling_in(name, number, body, *headers, refused=0):
    """SIPp calls; the call is answered, cleared again; or refused."""
    text = request("INVITE", number, *headers, body=body)
    text += maybe(100, 180, 183)
    if refused:
        return scenario(name, text + status(refused)
                        + same_branch(ack(number)))
    return scenario(name, text + status(200) + ack(number)
                    + '<pause milliseconds="100" />'
                    + request("BYE", number, cseq=2, to="[peer_tag_param]")
                    + status(200))
