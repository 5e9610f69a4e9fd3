package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"unicode"
)

// header renders every exported constant of a Go source as a C macro, in source order.
func header(source []byte) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "layout.go", source, 0)
	if err != nil {
		return nil, err
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	if _, err := (&types.Config{}).Check("image", fset, []*ast.File{file}, info); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("// Code generated from policy/image/layout.go. DO NOT EDIT.\n#pragma once\n\n")
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if !name.IsExported() {
					continue
				}
				value, exact := constant.Uint64Val(info.Defs[name].(*types.Const).Val())
				if !exact || value > 1<<32-1 {
					return nil, fmt.Errorf("%s is no unsigned 32-bit number", name.Name)
				}
				fmt.Fprintf(&b, "#define IMAGE_%s %s\n", macro(name.Name), literal(value))
			}
		}
	}
	return b.Bytes(), nil
}

func literal(v uint64) string {
	if v < 1<<16 {
		return fmt.Sprintf("%d", v)
	}
	return fmt.Sprintf("0x%xu", v)
}

// macro turns HeaderFileStart into HEADER_FILE_START and SocketICMPv6 into SOCKET_ICMPV6.
func macro(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		lowerBefore := i > 0 && unicode.IsLower(runes[i-1])
		lowerAfter := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && runes[i+1] != 'v'
		if unicode.IsUpper(r) && (lowerBefore || lowerAfter) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}
