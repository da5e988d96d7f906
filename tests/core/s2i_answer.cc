# A trunk calls a line that gives no tones: 180 without media; speech from the
# line only after the answer.
> sip SETUP 1 called=+49711123 calling=+4930555 asserted=+4930000 media=198.51.100.7:40000 name=Berta ref=abc@example
> span0 PROCEEDING c1 ch=31 ref=0x8001
> span0 ALERTING c1
advance 4000
> span0 ANSWER c1 connected=711123/n name=Carl
> sip UPDATE 1 media=198.51.100.9:41000
advance 5000
> sip RELEASE 1 cause=16
> sip RELEASED 1 cause=16
> span0 RELEASED c1 cause=16
