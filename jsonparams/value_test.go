package jsonparams

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// valueSeeds are JSON values of every kind, with white space and escapes in all places.
var valueSeeds = []string{
	"null", " true ", "false", "0", "-1.5e+3", `""`, `"a\"b\\"`, `"\u00e9\ud83d\ude00\n"`, "[]", "[ ]", "{}", "{ }", "[[],[]]", "[1,2,3]",
	"\r\n\t[ 1 , [ ] , { } , null ]\n", `{ "a" : 1 , "b":[true,false] , "" : { "c" : "}],:\"" } }`, `[[[["deep"]]]]`, `"é"`, `"["`,
	`{"a":1,"\u0062":2}`,
}

func TestValuesAreWhatEncodingJSONReads(t *testing.T) {
	for _, data := range valueSeeds {
		t.Run(data, func(t *testing.T) {
			if !checkValue(t, data) {
				t.Error("not read")
			}
		})
	}
}

func FuzzValue(f *testing.F) {
	for _, data := range valueSeeds {
		f.Add(data)
	}
	f.Add(`{"a":1,"\u0061":2}`)
	f.Add(strings.Repeat("[", 40) + strings.Repeat("]", 40))
	f.Fuzz(func(t *testing.T, data string) { checkValue(t, data) })
}

// checkValue checks that data, when it is valid JSON, reads as encoding/json reads it. It is read as part of an object, which is what the
// package accepts. The result tells whether it was read.
func checkValue(t *testing.T, data string) bool {
	t.Helper()
	fields, err := parseDocument(`{"v":` + data + "}")
	dec := json.NewDecoder(strings.NewReader(data))
	dec.UseNumber()
	var want any
	if err != nil || len(fields) != 1 || !json.Valid([]byte(data)) || dec.Decode(&want) != nil {
		return false
	}
	got, ok := fields["v"].plain()
	if ok && !reflect.DeepEqual(got, want) {
		t.Errorf("read as %#v\nwant    %#v", got, want)
	}
	return ok
}

// plain returns the value as encoding/json would, unless it has an object with a key that stands twice.
func (v value) plain() (result any, ok bool) {
	switch v.kind() {
	case kindBool:
		return v == "true", true
	case kindNumber:
		return json.Number(v), true
	case kindString:
		return v.text(), true
	case kindList:
		list := []any{}
		for _, item := range v.list() {
			part, ok := item.plain()
			if !ok {
				return nil, false
			}
			list = append(list, part)
		}
		return list, true
	case kindObject:
		fields, err := v.object("it")
		if err != nil {
			return nil, false
		}
		object := map[string]any{}
		for key, item := range fields {
			if object[key], ok = item.plain(); !ok {
				return nil, false
			}
		}
		return object, true
	default:
		return nil, v == "null"
	}
}
