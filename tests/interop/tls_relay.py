#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS (OpenSSL's) before a program that speaks plain TCP, here SIPp, which
Debian builds without TLS.

    tls_relay.py in  PORT TO_PORT CERT KEY CA HOST   TLS comes in, TCP goes out
    tls_relay.py out PORT TO_PORT CERT KEY CA HOST   TCP comes in, TLS goes out

Both verify the other end's certificate against CA. Ends with its input.
"""
import asyncio
import ssl
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main():
    kind, port, to, cert, key, ca, host = sys.argv[1:]
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    server.load_cert_chain(cert, key)
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=ca)
    client.load_cert_chain(cert, key)
    client.check_hostname = False

    async def relay(reader, writer):
        try:
            r, w = await asyncio.open_connection(
                host, int(to), ssl=client if kind == "out" else None)
        except OSError as e:
            print(f"tls_relay: {e}", file=sys.stderr)
            writer.close()
            return
        await asyncio.gather(pump(reader, w), pump(r, writer))

    s = await asyncio.start_server(relay, host, int(port),
                                   ssl=server if kind == "in" else None)
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    s.close()


asyncio.run(main())
