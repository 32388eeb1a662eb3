package tracing

import (
	"crypto/tls"
	"crypto/x509"
	"os"
)

// certificates reads whom to trust and what to show for https. It returns nil
// if the machine's own authorities will do.
func (r *reader) certificates() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if name := r.either("CERTIFICATE"); r.value(name) != "" {
		config.RootCAs = x509.NewCertPool()
		text, err := os.ReadFile(r.value(name))
		switch {
		case err != nil:
			r.wrongf("%s: %w", name, err)
		case !config.RootCAs.AppendCertsFromPEM(text):
			r.wrongf("%s: %s holds no certificate in PEM", name, r.value(name))
		}
	}
	certificate, key := r.either("CLIENT_CERTIFICATE"), r.either("CLIENT_KEY")
	switch hasCertificate, hasKey := r.value(certificate) != "", r.value(key) != ""; {
	case hasCertificate != hasKey:
		r.wrongf("%s and %s must be set together", certificate, key)
	case hasCertificate:
		both, err := tls.LoadX509KeyPair(r.value(certificate), r.value(key))
		if err != nil {
			r.wrongf("%s and %s: %w", certificate, key, err)
		}
		config.Certificates = []tls.Certificate{both}
	}
	if config.RootCAs == nil && config.Certificates == nil {
		return nil
	}
	return config
}
