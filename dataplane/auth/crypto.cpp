#include "dataplane/auth/crypto.hpp"
