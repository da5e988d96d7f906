# A new sip role hears first where the one before has found its servers: the
# latest of each.
> sip SERVERS end=0 server=0 sip.example 198.51.100.7:5060
> sip SERVERS end=0 server=2 other.example 198.51.100.9:5060
> sip SERVERS end=0 server=0 sip.example 198.51.100.8:5080
# No such trunk, and none of a line's.
> sip SERVERS end=63 server=0 sip.example 198.51.100.7:5060
> span0 SERVERS end=0 server=0 sip.example 198.51.100.7:5060
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c1 media=198.51.100.7:40000
> sip SNAPSHOT c1 of c1
down sip
up sip
> span0 RELEASED 1 cause=16
ask status
stop
