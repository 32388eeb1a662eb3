package venduretest

import "os"

// Process is the process of a server.
func (s *Server) Process() *os.Process { return s.proc.os }
