#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "momentset/error.hpp"

namespace momentset::test {

/// Expects an Error that names `field`, holds `fragment` in its text, and reads "<field>: [<value>: ]<rule>".
inline void expect_error(const std::string& field, const std::string& fragment, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no Error about " << field;
  } catch (const Error& error) {
    EXPECT_EQ(error.field(), field) << error.what();
    EXPECT_NE(std::string(error.what()).find(fragment), std::string::npos) << error.what() << "\nlacks: " << fragment;
    EXPECT_FALSE(error.rule().empty());
  }
}

}  // namespace momentset::test
