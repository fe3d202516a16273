package secrets

import "testing"

func FuzzSumOf(f *testing.F) {
	text, _ := New()
	f.Add(text)
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if sum, ok := SumOf(s); ok != (sum != Sum{}) || ok && len(s) != 32 {
			t.Errorf("%q: %v", s, ok)
		}
	})
}
