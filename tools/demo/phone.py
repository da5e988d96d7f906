# SPDX-License-Identifier: GPL-2.0-or-later
"""baresip, a SIP phone that nobody here wrote: plays one WAV into each call
and records what it hears; driven over its ctrl_tcp module."""
import glob
import json
import os
import socket
import subprocess
import time

CONFIG = """\
module_path {modules}
{more}module account.so
module g711.so
module aufile.so
module sndfile.so
module aubridge.so
module ctrl_tcp.so
module menu.so
ctrl_tcp_listen 127.0.0.1:{ctrl}
sip_listen 127.0.0.1:{sip}
net_interface 127.0.0.1
audio_source aufile,{play}
audio_player aubridge,ear
audio_srate 8000
audio_channels 1
snd_path {dir}
rtp_ports {rtp}-{rtp_end}
jitter_buffer_type fixed
jitter_buffer_delay 5-10
"""


class Phone:
    def __init__(self, directory, number, sip, ctrl, rtp, play, before=None,
                 more="", account=""):
        self.dir = directory
        self.ctrl = ctrl
        os.makedirs(directory, exist_ok=True)
        modules = (glob.glob("/usr/lib/*/baresip/modules")
                   + ["/usr/lib/baresip/modules"])[0]
        with open(directory + "/config", "w") as f:
            f.write(CONFIG.format(modules=modules, ctrl=ctrl, sip=sip,
                                  play=play, dir=directory, rtp=rtp,
                                  rtp_end=rtp + 20, more=more))
        with open(directory + "/accounts", "w") as f:
            f.write(f"<sip:{number}@127.0.0.1:{sip}>;regint=0;"
                    f"answermode=auto{account}\n")
        self.log = open(directory + "/baresip.log", "wb")
        self.process = subprocess.Popen(
            ["baresip", "-f", directory], stdout=self.log, stderr=self.log,
            stdin=subprocess.DEVNULL, preexec_fn=before,
            env=dict(os.environ, HOME=directory))
        for _ in range(100):
            if self.command("listcalls") is not None:
                return
            time.sleep(0.05)
        raise RuntimeError("baresip does not start: see "
                           + directory + "/baresip.log")

    def command(self, command, params=""):
        """The answer's text, or None when nobody answers."""
        request = json.dumps({"command": command, "params": params,
                              "token": "t"})
        try:
            with socket.create_connection(("127.0.0.1", self.ctrl), 2) as s:
                s.sendall(f"{len(request)}:{request},".encode())
                s.settimeout(2)
                data = b""
                while b'"response":true' not in data:
                    got = s.recv(4096)
                    if not got:
                        return None
                    data += got
                return data.decode(errors="replace")
        except OSError:
            return None

    def dial(self, uri):
        return self.command("dial", uri)

    def hangup(self):
        return self.command("hangup")

    def heard(self):
        """Recordings of what was heard, oldest first."""
        return sorted(glob.glob(self.dir + "/dump-*-dec.wav"))

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
