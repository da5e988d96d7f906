# The trunk's early media comes and goes (P-Early-Media): its PBX hears ringback
# of ours while there is nothing to hear, even if RTP arrives.
> span1 SETUP 1 called=0711123 ch=1
> sip PROGRESS c1 media=198.51.100.7:40000 progress=1
> media EVENT id=1 kind=1
> sip ALERTING c1 media=198.51.100.7:40000/inactive
> sip PROGRESS c1 media=198.51.100.7:40000 progress=1
> media EVENT id=1 kind=1
> sip PROGRESS c1 media=198.51.100.7:40000/sendonly
> sip ANSWER c1 media=198.51.100.7:40000
> sip RELEASED c1 cause=16
> span1 RELEASED 1 cause=16
