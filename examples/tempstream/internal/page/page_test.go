package page

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"
)

func watchPage(t *testing.T, v View) string {
	t.Helper()
	var b strings.Builder
	if err := Watch(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func messagePage(t *testing.T, k Kind) string {
	t.Helper()
	var b strings.Builder
	if err := Message(&b, k); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePageShowsTheLinkAndItsExpiry(t *testing.T) {
	soon := time.Now().Add(90 * time.Minute)
	text := watchPage(t, View{Title: "Concert & more", Label: `<script>alert("x")</script>`, Expires: soon})
	for _, part := range []string{
		"<title>Concert &amp; more</title>", "&lt;script&gt;alert(", soon.UTC().Format("Mon 2 Jan 2006 15:04 UTC"), `datetime="` + soon.UTC().Format(time.RFC3339) + `"`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %s:\n%s", part, text)
		}
	}
	if !regexp.MustCompile(`data-left="(5399|5[0-3]\d\d)"`).MatchString(text) {
		t.Errorf("the page does not say how many seconds are left:\n%s", text)
	}
	if text := watchPage(t, View{Expires: time.Now().Add(-time.Hour)}); !strings.Contains(text, `data-left="0"`) {
		t.Errorf("a link that is over has time left:\n%s", text)
	}
}

func TestAPermanentLinkHasNoExpiry(t *testing.T) {
	text := watchPage(t, View{})
	if !strings.Contains(text, "does not expire") || strings.Contains(text, "0001") || !strings.Contains(text, "<title>"+defaultTitle+"</title>") {
		t.Errorf("the page is\n%s", text)
	}
}

func TestOneTextTellsThatALinkDoesNotWork(t *testing.T) {
	off := notices[LinkOff]
	for name, text := range map[string]string{"the message": messagePage(t, LinkOff), "the page, for later": watchPage(t, View{})} {
		if !strings.Contains(text, off.Title) || !strings.Contains(text, off.Text) {
			t.Errorf("%s lacks the text:\n%s", name, text)
		}
	}
	if text := messagePage(t, TooMany); !strings.Contains(text, "Wait a minute") || strings.Contains(text, off.Title) {
		t.Errorf("too many attempts are answered by\n%s", text)
	}
	if err := Message(&strings.Builder{}, Kind(99)); err == nil {
		t.Error("an unknown kind has a message")
	}
}

// TestThePagesObeyTheirPolicy: no script or style stands in a page, nothing comes from another host, and what is loaded exists.
func TestThePagesObeyTheirPolicy(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:`)
	loads := regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	for name, text := range map[string]string{"watch": watchPage(t, View{Label: "x", Expires: time.Now()}), "message": messagePage(t, LinkOff)} {
		if found := inline.FindString(text); found != "" {
			t.Errorf("%s has %q in itself", name, found)
		}
		for _, load := range loads.FindAllStringSubmatch(text, -1) {
			file, ok := strings.CutPrefix(load[1], "/static/")
			if !ok {
				t.Errorf("%s loads %s", name, load[1])
			} else if _, err := fs.Stat(Files(), file); err != nil {
				t.Errorf("%s loads what is not there: %v", name, err)
			}
		}
	}
}

func TestTheScriptsAskOnlyThisService(t *testing.T) {
	away := regexp.MustCompile(`(?i)https?:|(["'(])//|@import|\beval\(|innerHTML`)
	imports := regexp.MustCompile(`from '\./([^']+)'`)
	err := fs.WalkDir(Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "vendor/") || name == "favicon.svg" { // an SVG names its namespace
			return err
		}
		text, err := fs.ReadFile(Files(), name)
		if found := away.Find(text); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		for _, file := range imports.FindAllSubmatch(text, -1) {
			if _, err := fs.Stat(Files(), string(file[1])); err != nil {
				t.Errorf("%s imports what is not there: %v", name, err)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheVendoredLibraryIsWhole(t *testing.T) {
	const sum = "cfc70cc9e9fc63d071919e087670abc760c8fd1bc889b88588026e4d22193bbe" // of hls.js 1.7.4
	text, err := fs.ReadFile(Files(), "vendor/hls/hls.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if got := sha256.Sum256(text); hex.EncodeToString(got[:]) != sum {
		t.Errorf("hls.min.js has the SHA-256 %x, expected %s", got, sum)
	}
	if licence, err := fs.ReadFile(Files(), "vendor/hls/LICENSE"); err != nil || !strings.Contains(string(licence), "Apache License, Version 2.0") {
		t.Errorf("its licence: %v: %s", err, licence)
	}
}
