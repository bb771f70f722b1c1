#include "dataplane/auth/key_cache.hpp"
