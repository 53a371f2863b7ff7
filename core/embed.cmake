# Writes INPUT as the C text il_embedded_NAME to OUTPUT, byte by byte: no escapes, no limit on the length of a literal.
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x[0-9a-f][0-9a-f],){20})" "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "extern const char il_embedded_${NAME}[];\nconst char il_embedded_${NAME}[] = {\n${bytes}0};\n")
