package main

import (
	// The image holds nothing but the binary. Both of these are used only where
	// the system has none of its own: a system's certificates, or those that
	// SSL_CERT_FILE names, come first, and so does its time zone database.
	_ "time/tzdata"

	_ "golang.org/x/crypto/x509roots/fallback"
)
