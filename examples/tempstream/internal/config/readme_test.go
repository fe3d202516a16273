package config

import (
	"os"
	"reflect"
	"regexp"
	"testing"
)

func TestTheREADMEHasEachVariableWithItsDefault(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (?:`(.*?)`)? ?\\|").FindAllStringSubmatch(string(text), -1) {
		table[row[1]] = row[2]
	}
	kind := reflect.TypeFor[Config]()
	for i := range kind.NumField() {
		tag := kind.Field(i).Tag
		if value, ok := table[tag.Get("env")]; !ok || value != tag.Get("envDefault") {
			t.Errorf("%s: the README says %q (%v), the default is %q", tag.Get("env"), value, ok, tag.Get("envDefault"))
		}
	}
	if len(table) != kind.NumField() {
		t.Errorf("the README has %d variables, expected %d", len(table), kind.NumField())
	}
}
