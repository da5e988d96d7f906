conf clear_mode 0 1
# A trunk has called one line twice, and connects the two parties: its calls are
# released, theirs go on with each other. One holds for a while; one hangs up.
> sip SETUP 1 called=+49711123 calling=+4930555 media=198.51.100.7:40000 ref=abc@example
> span0 ANSWER c1 ch=31 ref=0x8001 connected=711123/n
> sip HOLD 1
> sip SETUP 2 called=+49711124 calling=+4930555 media=198.51.100.7:40002 ref=def@example
> span0 ANSWER c2 ch=30 ref=0x8002
> sip TRANSFER 1 transfer=2 other=3
> sip TRANSFER 1 transfer=2 other=1
> sip TRANSFER 1 transfer=2 other=2
> sip TRANSFER 1 transfer=2 other=2
> sip RELEASED 2 cause=16
> sip RELEASED 1 cause=16
up console
ask calls
> span0 HOLD c1
> span0 RETRIEVE c1
> span0 RELEASE c2 cause=16
> span0 RELEASED c2 cause=16
> span0 RELEASED c1 cause=16
# Who was called by a line connects it to another line, and does not clear.
> span0 SETUP 5 called=0711222 calling=711123/n/p ch=3
> sip ANSWER c3 media=198.51.100.7:40000
> sip SETUP 6 called=+49711124 calling=+4930555 media=198.51.100.7:40002
> span0 ANSWER c4 ch=30
> sip TRANSFER 6 transfer=2 other=c3
advance 3000
> sip RELEASED c3 cause=16
> sip RELEASED 6 cause=16
> span0 RELEASED 5 cause=41
> span0 RELEASED c4 cause=16
# A data call and a spoken one have nothing to say to each other.
> sip SETUP 7 called=+49711123 bearer=1 media=198.51.100.7:40000
> span0 ANSWER c5 ch=31
> span0 SETUP 8 called=0711222 bearer=2 ch=3
> sip ANSWER c6 media=198.51.100.7:40002 pt=99 dtmf=0
> sip TRANSFER 7 transfer=2 other=c6
> sip RELEASED 7 cause=16
> span0 RELEASED c5 cause=16
> sip RELEASED c6 cause=16
> span0 RELEASED 8 cause=16
