// Package seal encrypts credentials before they leave the process, so that
// neither Temporal nor anybody who reads its histories sees them.
package seal

import (
	"errors"
	"fmt"
	"log/slog"
)

// Sealed is an encrypted secret. It prints as "[sealed]"; in JSON it is the
// base64 text of the ciphertext.
type Sealed []byte

// String implements fmt.Stringer without giving anything away.
func (Sealed) String() string { return "[sealed]" }

// GoString implements fmt.GoStringer without giving anything away.
func (Sealed) GoString() string { return "seal.Sealed([sealed])" }

// LogValue implements slog.LogValuer without giving anything away.
func (Sealed) LogValue() slog.Value { return slog.StringValue("[sealed]") }

var (
	_ fmt.Stringer   = Sealed(nil)
	_ slog.LogValuer = Sealed(nil)
)

// ErrCannotOpen means that a secret was sealed with a key that this process
// was not given, or damaged.
var ErrCannotOpen = errors.New("sealed secret cannot be opened with the keys of this process; " +
	"start it with the key that sealed the secret as a previous one, or save the credentials again")

// ErrUnavailable means that a key service could not be asked, or did not
// answer the question: whether the secret can be opened is not known.
var ErrUnavailable = errors.New("the key service does not serve")
