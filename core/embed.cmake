# Writes INPUT as the C string il_embedded_NAME, line by line, to OUTPUT.
file(READ "${INPUT}" text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
file(WRITE "${OUTPUT}" "extern const char il_embedded_${NAME}[];\nconst char il_embedded_${NAME}[] =\n    \"${text}\";\n")
