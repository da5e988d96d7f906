#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The sip role against SIPp, besides single calls (sip_sipp.sh): registration
with SHA-256, the next nonce and a stale one, each response reckoned again
here; a call that is taken over by Replaces, and one that must not be."""
import hashlib
import re
import shutil
import sys

from sippxml import ack, maybe, recv, request, scenario, sdp, send, status
from sipprun import Bench, Run, Step, challenge

NUMBER = "0711200"


def register(*auth):
    """The next REGISTER, with all of these in its Authorization, in order."""
    wanted = [("Authorization", p) for p in (".*", ".*".join(auth)) if auth]
    return recv("REGISTER", ("Contact", "<sip:[^>]*>"), *wanted)


def granted(*headers):
    return send("200 OK", "Contact: [$v0];expires=10", *headers)


# RFC 7616 3.5: nextnonce; RFC 7616 3.3: stale=true is answered with the new
# nonce without asking anybody for the password; RFC 8760: SHA-256 is taken of
# two challenges.
REGISTER = scenario("register", "".join([
    register(),
    send("401 Unauthorized",
         'WWW-Authenticate: Digest realm="provider.example", nonce="n1", '
         'algorithm=MD5, qop="auth"',
         'WWW-Authenticate: Digest realm="provider.example", nonce="n1", '
         'algorithm=SHA-256, qop="auth"'),
    register("algorithm=SHA-256"),
    granted('Authentication-Info: nextnonce="n2"'),
    register('nonce="n2"', "nc=00000001"),
    granted(),
    register('nonce="n2"', "nc=00000002"),
    challenge("n3", "SHA-256", ", stale=true"),
    register('nonce="n3"', "nc=00000001"),
    granted()]))


def replacing(name, tag, *after):
    """A call, and a second one that says Replaces."""
    theirs = '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to" />'
    tags = ('<ereg regexp="tag=([^;]*)" search_in="hdr" header="To:" '
            'assign_to="whole,tag" />')
    got = ('<recv response="200" rrs="true"><action>'
           f"{theirs}{tags}</action></recv>\n")
    early = maybe(100, 180)
    return scenario(name, "".join([
        request("INVITE", NUMBER, body=sdp(8)), early, got, ack(NUMBER),
        '<pause milliseconds="200" />\n',
        request("INVITE", NUMBER, f"Replaces: [call_id];to-tag={tag};"
                "from-tag=[pid]C[call_number]", "Require: replaces",
                body=sdp(8), call="second///"),
        maybe(100), *after]))


TAKEN = replacing(
    "taken over", "[$tag]", status(200),
    ack(NUMBER, call="second///"), recv("BYE"),
    send("200 OK").replace(";tag=[pid]S[call_number]", ""),
    '<pause milliseconds="100" />\n',
    request("BYE", NUMBER, cseq=2, to="[peer_tag_param]", call="second///"),
    status(200))
# RFC 3891 3: no such dialog: 481; the call that there is goes on.
FOREIGN = replacing(
    "foreign", "nobodys", status(481), ack(NUMBER, call="second///"),
    request("BYE", NUMBER, cseq=2).replace(
        f"To: <sip:{NUMBER}@[remote_ip]:[remote_port]>", "To:[$to]"),
    status(200))


def md(text):
    return hashlib.sha256(text.encode()).hexdigest()


def reckoned(line):
    """RFC 7616 3.4.1 of what an Authorization line says."""
    said = {k: a or b for k, a, b in re.findall(
        r'(\w+)=(?:"([^"]*)"|([^,\s]+))', line)}
    ha1 = md(f"{said['username']}:{said['realm']}:s3cret")
    ha2 = md(f"REGISTER:{said['uri']}")
    return said["response"] == md(":".join(
        (ha1, said["nonce"], said["nc"], said["cnonce"], said["qop"], ha2)))


def ok(what, good, detail=""):
    print(("ok " if good else "not ok ") + what
          + (f" ({detail})" if detail and not good else ""))
    return bool(good)


def registration(bench):
    run = Run(bench, "register", 0, "", "register: {mode: plain, expires: 60}",
              Step(REGISTER, "", 1, ["hold=0"]))
    run.limit = 20
    wrong = run.run(bench.port)
    lines = re.findall(r"got REGISTER <[^>]*> (.*response=.*)", run.text("got"))
    return [ok("registration: SHA-256, nextnonce, stale", not wrong, wrong),
            ok("registration: each response is right",
               len(lines) == 4 and all(map(reckoned, lines)), len(lines))]


def takeover(bench, n, what, xml, **figures):
    run = Run(bench, "replaces", n, "", "transport: udp",
              Step(xml, "", 1, ["hold=-1"], **figures))
    wrong = run.run(bench.port + 10 * (n + 1), calls=figures["released"])
    return ok(what, not wrong, wrong)


def main():
    if not shutil.which("sipp"):
        print("skip sip_peers: no sipp")
        return 0
    bench = Bench()
    good = registration(bench) + [
        takeover(bench, 0, "Replaces: the new call takes the place of the old",
                 TAKEN, setups=2, released=2),
        takeover(bench, 1, "Replaces: of no such call: 481, the others go on",
                 FOREIGN, setups=1, released=1)]
    if all(good):
        shutil.rmtree(bench.dir)
    else:
        print(f"# kept: {bench.dir}")
    return not all(good)


sys.exit(main())
