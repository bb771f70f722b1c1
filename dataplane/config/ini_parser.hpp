// PgBouncer's ini form -> Document (its doc/config.md and libusual's cfparser.c are the rule):
//   [section]; comment lines start with ; or #; name = value up to the end of the line, without quoting; "na""me" = … for names with other
//   characters than _ . - * letters and digits; %include file, relative to the working directory, or else to the file that includes it.
#pragma once

#include "dataplane/config/config_loader.hpp"
#include "dataplane/config/diagnostics.hpp"
#include "dataplane/config/document.hpp"

#include <string>
#include <string_view>

namespace cenote::config {

/// Goes on after an error, so that one run finds them all.
void parse_ini(const std::string& path, std::string_view text, const FileReader& reader, Document& document, Diagnostics& diagnostics);

}  // namespace cenote::config
