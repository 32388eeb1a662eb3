package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Role says what the holder of a token may do.
type Role string

const (
	// RoleView may look at everything and change nothing.
	RoleView Role = "view"
	// RoleChange may do everything.
	RoleChange Role = "change"
)

// may reports whether the holder of a role may call what needs another.
func (r Role) may(needed Role) bool { return r == needed || r == RoleChange && needed == RoleView }

// Tokens are the tokens that the API takes. They are kept as hashes.
type Tokens struct {
	holders []holder
}

// holder is whoever has a token.
type holder struct {
	name string
	role Role
	hash [sha256.Size]byte
}

// None reports whether there is no token, and so nobody who could use the API.
func (t Tokens) None() bool { return len(t.holders) == 0 }

// find returns who has a token. It compares it with all of them, in constant
// time, so that the time taken tells a caller nothing.
func (t Tokens) find(token string) (holder, bool) {
	hash := sha256.Sum256([]byte(token))
	var found holder
	for _, h := range t.holders {
		if subtle.ConstantTimeCompare(hash[:], h.hash[:]) == 1 {
			found = h
		}
	}
	return found, found.name != ""
}

const minTokenLen = 32

var (
	holderName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	// tokenForm is what RFC 6750 allows in a bearer token.
	tokenForm = regexp.MustCompile(`^[A-Za-z0-9._~+/-]{1,512}=*$`)
)

// ParseTokens reads tokens in the form "name:role:token", one a line or
// separated by commas. The name is 1 to 40 lower-case letters, digits and
// hyphens, and is what edit histories show; the role is "view" or "change"; the
// token has at least 32 characters of those that a bearer token may have. Two
// tokens may have one name, as they do while one takes the other's place.
//
// It returns every mistake at once, each saying which entry it is in, and never
// quotes one: a token may stand anywhere in a mistaken entry.
func ParseTokens(text string) (Tokens, error) {
	var tokens Tokens
	var mistakes []error
	number := 0
	for entry := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		number++
		h, err := parseHolder(entry)
		for _, other := range tokens.holders {
			if err == nil && other.hash == h.hash {
				err = errors.New("has the token of an earlier entry: each must have its own")
			}
		}
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("entry %d %w", number, err))
			continue
		}
		tokens.holders = append(tokens.holders, h)
	}
	if err := errors.Join(mistakes...); err != nil {
		return Tokens{}, err
	}
	return tokens, nil
}

func parseHolder(entry string) (holder, error) {
	name, rest, _ := strings.Cut(entry, ":")
	role, token, complete := strings.Cut(rest, ":")
	switch {
	case !complete:
		return holder{}, errors.New("must look like name:role:token")
	case !holderName.MatchString(name):
		return holder{}, errors.New("must begin with a name of 1 to 40 lower-case letters, digits and hyphens")
	case Role(role) != RoleView && Role(role) != RoleChange:
		return holder{}, fmt.Errorf("must have the role %s or %s", RoleView, RoleChange)
	case len(token) < minTokenLen:
		return holder{}, fmt.Errorf("must have a token of at least %d characters", minTokenLen)
	case !tokenForm.MatchString(token):
		return holder{}, errors.New("must have a token of letters, digits and -._~+/ alone, at most 512")
	}
	return holder{name: name, role: Role(role), hash: sha256.Sum256([]byte(token))}, nil
}
