#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each profile of conf/profiles against SIPp, by the transport that it says: the
scenario quotes the clause that it follows. It passes with the profile; the same
trunk without it fails, for the reason that the clause is about."""
import concurrent.futures
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sippxml import recv, sdp, send, taken  # noqa: E402
from sipprun import TLS, TOP, Bench, Run, into, out, registrar  # noqa: E402

LANES = 3

GIN = (("Require", "gin"), ("Proxy-Require", "gin"),
       ("Contact", "<sip:[0-9.:]+[^@]*;bnc[;>]"))
OPTIONS = [recv("OPTIONS"), send("200 OK", "Allow: INVITE, ACK, BYE")]
ROUTE = ("Route", "<sip:sr@")
KEYS = ("sdp", "RTP/SAVP .*a=crypto:1 ")
FAILED = 2  # CC_SCREEN_FAILED

# Profile: what the trunk says itself in both runs (so that the generic one does
# not fail for want of TLS), and the steps.
SCENES = {
    # RFC 6140 5.2: "Require: gin", a Contact with "bnc" and without a user; RFC
    # 3608 5: its Service-Route is the route of the call; RFC 3325 9.2: a user
    # agent that is not trusted says by P-Preferred-Identity whom it wants
    # asserted.
    "sipconnect-1.1-registration": ("", [out(
        "header Route:", {
            "REGISTER": registrar(*GIN),
            "INVITE": [recv("INVITE", ROUTE,
                            ("P-Preferred-Identity", r"sip:\+4930555@"),
                            ("P-Asserted-Identity", None)),
                       *taken(sdp(0))]}, 2, "screening=1", answered=1)]),
    # RFC 3323 4.1.1.3, RFC 3325 9.3: From is anonymous, the number is asserted
    # to the trusted provider, "Privacy: id" says for whom it is not.
    "sipconnect-1.1-static": ("", [out(
        "header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE", ("From", "anonymous"),
                            ("P-Asserted-Identity", r"sip:\+4930555@"),
                            ("Privacy", "id")),
                       *taken(sdp(0))]}, 2, "screening=1", "presentation=1",
        answered=1)]),
    # RFC 6140 5.2 over TLS; RFC 4568 5.1, RFC 3711: RTP/SAVP, with its keys.
    "sipconnect-2.0-registration": (TLS, [out(
        "header Route:", {
            "REGISTER": registrar(*GIN),
            "INVITE": [recv("INVITE", ROUTE, KEYS),
                       *taken(sdp(0, True))]}, 2, answered=1)]),
    # RFC 3264 6, RFC 4568 5.1.2: where keys are required, plain RTP is no
    # offer that can be taken: 488.
    "sipconnect-2.0-static": (TLS, [into(
        "received .SIP/2.0 200", sdp(0), refused=488)]),
    # RFC 3261 10.2: the main number registers by itself; RFC 3551 4.5.14: PCMA
    # is all that is offered; RFC 5009 5: P-Early-Media; RFC 3325 9.2.
    "de-1tr118": ("register: {users: [\"+49711000\"]}", [out(
        "header Route:", {
            "REGISTER": registrar(
                ("To", r"sip:\+49711000@provider\.example"),
                ("Contact", r"sip:\+49711000@")),
            "INVITE": [recv("INVITE", ROUTE, ("sdp", " RTP/AVP 8 101[^0-9 ]"),
                            ("P-Early-Media", "supported"),
                            ("P-Preferred-Identity", r"sip:\+4930555@")),
                       *taken(sdp(8))]}, 2, "screening=1", answered=1)]),
    # ND1034 as an endorsement of SIPconnect; RFC 3325 9.1: the presentation
    # number, which nobody has screened, is in From, the network's is asserted;
    # RFC 3551 4.5.14: A-law.
    "uk-nd1034": ("", [out(
        "header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE", ("From", r"sip:\+441632960123@"),
                            ("P-Asserted-Identity", r"sip:\+441632960000@"),
                            ("sdp", " RTP/AVP 8 101[^0-9 ]")),
                       *taken(sdp(8))]}, 2, "calling=+441632960123",
        "screening=0", answered=1)]),
    # RFC 8224 8.1: what is signed is the number of P-Asserted-Identity. TS
    # 24.229 7.2A.20: verstat there is the provider's verdict on a call.
    "us-shaken": ("", [
        out("header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE",
                            ("P-Asserted-Identity", r"sip:\+12155551212@"),
                            ("sdp", " RTP/AVP 0 101[^0-9 ]")),
                       *taken(sdp(0))]}, 2, "calling=+12155551212",
            "screening=1", answered=1),
        into("^asserted_screening is 0", sdp(0),
             "P-Asserted-Identity: <sip:+12155551213;verstat="
             "TN-Validation-Failed@[local_ip];user=phone>",
             asserted_screening=FAILED)]),
    # pjsip.conf, endpoint, send_pai: what Asterisk asserts is believed, and so
    # is what we assert (trust_id_inbound).
    "asterisk": ("", [
        out("header P-Asserted-Identity:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE",
                            ("P-Asserted-Identity", r"sip:\+4930555@"),
                            ("Session-Expires", "1800")),
                       *taken(sdp(8))]}, 2, "screening=1", answered=1),
        into("^asserted is ,", sdp(8),
             "P-Asserted-Identity: <sip:+4930778@[local_ip]>",
             asserted="4930778")]),
    # mod_sofia, sip_cid_type: Remote-Party-ID names the caller, both ways
    # (draft-ietf-sip-privacy-04 5.1); there is no 100rel.
    "freeswitch": ("", [
        out("header Remote-Party-ID:", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE",
                            ("Remote-Party-ID", r"sip:\+4930555@.*screen=yes")),
                       *taken(sdp(0))]}, 2, "screening=1", answered=1),
        into("^asserted is ,", sdp(0),
             "Remote-Party-ID: <sip:+4930778@[local_ip]>;party=calling;"
             "screen=yes;privacy=off", asserted="4930778")]),
    # RFC 3261 8.1.3.4: a redirect server's 302 is followed.
    "kamailio": ("", [out(
        "answered is 0", {
            "OPTIONS": OPTIONS,
            "INVITE": [recv("INVITE"),
                       send("302 Moved Temporarily", "Contact: <sip:+49711999@"
                            "[local_ip]:[local_port]>"),
                       recv("ACK"),
                       recv("INVITE", ("first", r"sip:\+49711999@")),
                       *taken(sdp(8))]}, 2, answered=1)]),
    # Direct Routing, SIP protocol: the SBC sends OPTIONS first, whose Contact,
    # and that of an INVITE, is its name; media is SRTP alone (RFC 4568 6.1).
    "teams": (TLS + "\n    contact_host: sbc1.site.example", [out(
        "regexp .RTP/SAVP", {
            "OPTIONS": [recv("OPTIONS",
                             ("Contact", "<sip:sbc1[.]site[.]example")),
                        send("200 OK", "Allow: INVITE, ACK, BYE, OPTIONS")],
            "INVITE": [recv("INVITE",
                            ("Contact", "<sip:[^>]*sbc1[.]site[.]example"),
                            KEYS, ("sdp", "a=crypto:1 AES_CM_128_HMAC_SHA1_80")),
                       *taken(sdp(0, True))]}, 2, answered=1)]),
}


def main():
    if not shutil.which("sipp"):
        print("skip sip_profiles: no sipp")
        return 0
    bench = Bench()
    jobs, failed = [], 0
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        for name, (own, steps) in SCENES.items():
            for n, step in enumerate(steps):
                for profile in (name, ""):
                    run = Run(bench, name, n, profile, own, step)
                    jobs.append((name, profile, step, pool.submit(
                        run.run, bench.port + 4 * len(jobs) % 8000)))
    for name, profile, step, job in jobs:
        wrong = job.result()
        good = not wrong if profile else re.search(step.generic, wrong)
        failed += not good
        way = "in" if step.inward else "out"
        print(("ok " if good else "not ok ")
              + (f"{name}, {way}: with it" if profile else
                 f"{name}, {way}: the generic trunk fails for that reason")
              + ("" if good else f" ({wrong or 'it passes'})"))
    names = {f[:-5] for f in os.listdir(os.path.join(TOP, "conf/profiles"))}
    print(("ok " if names == set(SCENES) else "not ok ")
          + "each profile has its scenario")
    if failed:
        print(f"# kept: {bench.dir}")
    else:
        shutil.rmtree(bench.dir)
    return failed != 0


sys.exit(main())
