package bigcommercetest

import (
	crand "crypto/rand"
	"encoding/hex"
	"math/rand/v2"
)

// newRand returns the source of everything that a seed may repeat.
func newRand(seed *int64) *rand.Rand {
	chosen := rand.Uint64() //nolint:gosec // Made-up data needs no strong randomness.
	if seed != nil {
		chosen = uint64(*seed) //nolint:gosec // Any bits make a seed.
	}
	return rand.New(rand.NewPCG(chosen, 0)) //nolint:gosec // The same.
}

// randomHex returns 2n hexadecimal digits that no other process gets.
func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = crand.Read(b) // documented never to fail
	return hex.EncodeToString(b)
}

// randomText returns n lower-case letters and digits, the first a letter.
func randomText(n int) string { return draw(n, "abcdefghijklmnopqrstuvwxyz0123456789", 26) }

// randomDigits returns n digits, the first not zero.
func randomDigits(n int) string { return draw(n, "1234567890", 9) }

// draw takes n characters of alphabet, the first of them from its start only.
func draw(n int, alphabet string, first int) string {
	b := make([]byte, n)
	_, _ = crand.Read(b) // documented never to fail
	for i := range b {
		size := len(alphabet)
		if i == 0 {
			size = first
		}
		b[i] = alphabet[int(b[i])%size]
	}
	return string(b)
}
