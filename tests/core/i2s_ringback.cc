# A PBX calls (network side): the gateway makes ringback until RTP comes, then
# the answer. ALERTING goes out once.
> span1 SETUP 1 called=0711123 calling=200 ch=1
> sip ALERTING c1
advance 2000
> media EVENT id=1 kind=1
> sip ALERTING c1 media=198.51.100.7:40000 progress=1
> sip ANSWER c1 media=198.51.100.7:40000
advance 3000
> span1 RELEASE 1 cause=16
> span1 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
