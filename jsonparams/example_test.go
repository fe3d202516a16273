package jsonparams_test

import (
	"errors"
	"fmt"
	"strings"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

func ExampleParseAnswer() {
	answer, err := jsonparams.ParseAnswer(`{"transport":{
		"ufrag":"bvr6j1fkri6020","pwd":"1k7vls8kb2tr4eu093jkalphcq",
		"fingerprints":[{"hash":"sha-256","setup":"passive","fingerprint":"`+strings.Repeat("9A:", 31)+`9A"}],
		"candidates":[
			{"component":"1","protocol":"udp","ip":"2001:db8::207","port":"32000","type":"host","priority":"2130706431"},
			{"protocol":"udp","ip":"203.0.113.103","port":32000},
			{"protocol":"tcp","ip":"203.0.113.103","port":443}]}}`, jsonparams.ParseOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range answer.Candidates {
		fmt.Println(c)
	}
	fmt.Println(answer.Skipped)
	// Output:
	// 1 1 udp 2130706431 2001:db8::207 32000 typ host
	// 2 1 udp 2130706431 203.0.113.103 32000 typ host
	// [candidate 3: protocol "tcp", expected udp]
}

func ExampleParseAnswer_unsupported() {
	_, err := jsonparams.ParseAnswer(`{"stream":true}`, jsonparams.ParseOptions{})
	fmt.Println(errors.Is(err, models.ErrUnsupportedCallMode))
	// Output: true
}

func ExampleJoinPayload_Marshal() {
	payload := jsonparams.JoinPayload{
		SSRC:         3000000000, // above 0x7fffffff: written as the negative number with the same bits
		Ufrag:        "aB3d",
		Pwd:          "Qw3rTy5uIoP7aSdF9gHjKlZx",
		Fingerprints: []jsonparams.Fingerprint{{Hash: "sha-256", Setup: "passive", Value: "9A:18:…"}},
		SSRCGroups:   []jsonparams.SSRCGroup{{Semantics: "FID", Sources: []uint32{1021, 1022}}},
	}
	fmt.Println(strings.ReplaceAll(payload.Marshal(), `,"`, ",\n\""))
	// Output:
	// {"ssrc":-1294967296,
	// "ufrag":"aB3d",
	// "pwd":"Qw3rTy5uIoP7aSdF9gHjKlZx",
	// "fingerprints":[{"hash":"sha-256",
	// "setup":"passive",
	// "fingerprint":"9A:18:…"}],
	// "ssrc-groups":[{"semantics":"FID",
	// "sources":[1021,1022]}]}
}

func ExampleParseJoinPayload() {
	_, err := jsonparams.ParseJoinPayload(`{"ssrc":3000000000}`)
	fmt.Println(err)
	// Output: gotgcall: invalid parameters: the join payload: ssrc is 3000000000, expected a whole number from -2147483648 to 2147483647 that is not 0
}
