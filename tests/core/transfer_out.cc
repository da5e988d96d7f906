# The operator has a trunk transfer its party.
> sip SETUP 1 called=+49711123 calling=+4930555 media=198.51.100.7:40000
ask transfer 01HF7YAT000000000000000001 +49711999
> span0 ANSWER c1 ch=31
ask transfer 01HF7YAT000000000000000001 nobody
ask transfer 01HF7YAT000000000000000001 +49711999
> sip TRANSFER 1 transfer=3
> sip TRANSFER 1 transfer=6 cause=21
ask transfer 01HF7YAT000000000000000001 +49711998
> sip TRANSFER 1 transfer=5
> sip RELEASED 1 cause=16
> span0 RELEASED c1 cause=16
