#include "dataplane/auth/user_list.hpp"
