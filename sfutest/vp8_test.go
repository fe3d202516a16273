package sfutest

import "testing"

func TestVP8Descriptors(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want vp8Descriptor
		ok   bool
	}{
		"nothing":               {nil, vp8Descriptor{pictureID: -1}, false},
		"the shortest":          {[]byte{0x10, 0}, vp8Descriptor{length: 1, start: true, pictureID: -1, key: true, hasPayload: true}, true},
		"the shortest, no key":  {[]byte{0x10, 1}, vp8Descriptor{length: 1, start: true, pictureID: -1, hasPayload: true}, true},
		"without payload":       {[]byte{0x10}, vp8Descriptor{length: 1, start: true, pictureID: -1}, true},
		"partition 1":           {[]byte{0x11, 0}, vp8Descriptor{length: 1, pictureID: -1, hasPayload: true}, true},
		"extension missing":     {[]byte{0x80}, vp8Descriptor{pictureID: -1}, false},
		"id of 15 bits":         {[]byte{0x90, 0x80, 0xff, 0xfe, 0}, vp8Descriptor{length: 4, start: true, pictureID: 0x7ffe, idBits: 15, key: true, hasPayload: true}, true},
		"id of 7 bits":          {[]byte{0x80, 0x80, 0x7e, 0}, vp8Descriptor{length: 3, pictureID: 0x7e, idBits: 7, hasPayload: true}, true},
		"id missing":            {[]byte{0x80, 0x80}, vp8Descriptor{pictureID: -1}, false},
		"half of the id":        {[]byte{0x80, 0x80, 0x81}, vp8Descriptor{pictureID: -1}, false},
		"everything":            {[]byte{0x90, 0xf0, 0x80, 5, 1, 2, 0}, vp8Descriptor{length: 6, start: true, pictureID: 5, idBits: 15, key: true, hasPayload: true}, true},
		"T without K":           {[]byte{0x80, 0x20, 2, 0}, vp8Descriptor{length: 3, pictureID: -1, hasPayload: true}, true},
		"TL0PICIDX missing":     {[]byte{0x80, 0x40}, vp8Descriptor{pictureID: -1, length: 3}, false},
		"a reserved bit":        {[]byte{0x50, 0}, vp8Descriptor{length: 1, start: true, pictureID: -1, reserved: true, key: true, hasPayload: true}, true},
		"another":               {[]byte{0x18, 0}, vp8Descriptor{length: 1, start: true, pictureID: -1, reserved: true, key: true, hasPayload: true}, true},
		"one in the extension":  {[]byte{0x90, 1, 0}, vp8Descriptor{length: 2, start: true, pictureID: -1, reserved: true, key: true, hasPayload: true}, true},
		"S inside of partition": {[]byte{0x00, 0}, vp8Descriptor{length: 1, pictureID: -1, hasPayload: true}, true},
	} {
		if got, ok := parseVP8(c.b); ok != c.ok || got != c.want {
			t.Errorf("%s: %+v, %v, expected %+v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

func FuzzVP8Descriptor(f *testing.F) {
	for _, seed := range [][]byte{nil, {0x10, 0}, {0x90, 0x80, 0xff, 0xfe, 0}, {0x90, 0xf0, 0x80, 5, 1, 2, 0}, {0x80, 0x80, 0x81}, {0x80, 0x40}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := parseVP8(b)
		if ok && (d.length < 1 || d.length > 6 || d.length > len(b) || d.hasPayload != (d.length < len(b))) || d.pictureID < -1 || d.pictureID >= pictureIDs {
			t.Errorf("% x: %+v", b, d)
		}
		if ok && (d.pictureID < 0) != (d.idBits == 0) || d.key && !d.start {
			t.Errorf("% x: %+v", b, d)
		}
	})
}
