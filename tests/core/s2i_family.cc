# RTP of the other IP version can never reach us: refused before anybody rings.
> sip SETUP 1 called=0711123 media=[2001:db8::7]:40000
> sip RELEASED 1 cause=65
# Without a description in the INVITE ours decides.
> sip SETUP 2 called=0711123
> sip RELEASE 2 cause=16
> span0 RELEASED c1 cause=16
> sip RELEASED 2 cause=16
