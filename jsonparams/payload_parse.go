package jsonparams

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"gotgcall/models"
)

// ParseJoinPayload reads a join payload as strictly as a server may, for servers that stand in for Telegram in tests.
//
// Needed are ssrc, ufrag, pwd, and fingerprints with a sha-256 one whose setup is passive. Keys it does not know are ignored;
// ssrc-groups may be missing, null or empty. Every SSRC is a whole number of 32 signed bits and not 0; an FID group has two different
// ones, and no group holds the audio's. The error is models.ErrInvalidParams and names the value; the password is never in it.
func ParseJoinPayload(data string) (JoinPayload, error) {
	p, err := readPayload(data)
	if err != nil {
		return JoinPayload{}, fmt.Errorf("%w: the join payload: %w", models.ErrInvalidParams, err)
	}
	return p, nil
}

func readPayload(data string) (p JoinPayload, err error) {
	root, err := parseDocument(data)
	if err != nil {
		return p, err
	}
	if p.SSRC, err = readSSRC(root["ssrc"], "ssrc"); err != nil {
		return p, err
	}
	if p.Ufrag, err = readCredential(root["ufrag"], "ufrag", MinUfrag); err != nil {
		return p, err
	}
	if p.Pwd, err = readCredential(root["pwd"], "pwd", MinPwd); err != nil {
		return p, err
	}
	if p.Fingerprints, err = readFingerprints(root["fingerprints"], "fingerprints"); err != nil {
		return p, err
	}
	if !slices.ContainsFunc(p.Fingerprints, func(f Fingerprint) bool { return f.Hash == "sha-256" }) {
		return p, errors.New("fingerprints has no sha-256 one")
	}
	for i, f := range p.Fingerprints {
		if f.Setup != "passive" {
			return p, fmt.Errorf("fingerprints[%d].setup is %s, expected passive: the server opens DTLS", i, quote(f.Setup))
		}
	}
	p.SSRCGroups, err = readGroups(root["ssrc-groups"], p.SSRC)
	return p, err
}

// readGroups reads ssrc-groups; audio is the SSRC that must not stand in one.
func readGroups(v value, audio uint32) ([]SSRCGroup, error) {
	if v.none() {
		return nil, nil
	}
	if err := v.want("ssrc-groups", kindList); err != nil {
		return nil, err
	}
	items := v.list()
	if len(items) > MaxSSRCGroups {
		return nil, fmt.Errorf("ssrc-groups has %d groups, expected at most %d", len(items), MaxSSRCGroups)
	}
	var groups []SSRCGroup
	for i, item := range items {
		g, err := readGroup(item, fmt.Sprintf("ssrc-groups[%d]", i), audio)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func readGroup(v value, name string, audio uint32) (g SSRCGroup, err error) {
	fields, err := v.object(name)
	if err != nil {
		return g, err
	}
	if g.Semantics = fields["semantics"].text(); g.Semantics == "" {
		return g, fmt.Errorf("%s.semantics is %s, expected FID or SIM", name, fields["semantics"].show())
	}
	if err := fields["sources"].want(name+".sources", kindList); err != nil {
		return g, err
	}
	sources := fields["sources"].list()
	if n := len(sources); n == 0 || n > MaxGroupSources || g.Semantics == "FID" && n != 2 {
		return g, fmt.Errorf("%s.sources has %d sources, expected the video's and that of its retransmissions", name, n)
	}
	for i, item := range sources {
		name := fmt.Sprintf("%s.sources[%d]", name, i)
		ssrc, err := readSSRC(item, name)
		switch {
		case err != nil:
			return g, err
		case ssrc == audio:
			return g, fmt.Errorf("%s is the audio's ssrc %d, expected one of video", name, SourceID(ssrc))
		case slices.Contains(g.Sources, ssrc):
			return g, fmt.Errorf("%s repeats %d", name, SourceID(ssrc))
		}
		g.Sources = append(g.Sources, ssrc)
	}
	return g, nil
}

// readSSRC returns an SSRC that has to be a JSON number; name is what errors call it.
func readSSRC(v value, name string) (uint32, error) {
	if err := v.want(name, kindNumber); err != nil {
		return 0, err
	}
	ssrc := v.ssrc()
	if ssrc == 0 {
		return 0, fmt.Errorf("%s is %s, expected a whole number from -2147483648 to 2147483647 that is not 0", name, v.show())
	}
	return ssrc, nil
}

// ssrc returns the SSRC that a signed number, or a string of one, stands for, and 0 for what is none.
func (v value) ssrc() uint32 {
	id, err := strconv.ParseInt(v.scalar(), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(id) // the inverse of SourceID
}
