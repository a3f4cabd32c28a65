using System.Text.Json;
using Httpmq.Api.Json;

namespace Httpmq.Tests.Api.Json;

/// <summary>The texts of the framework's JSON reader that this build uses.</summary>
internal sealed class JsonExceptionTextTests
{
    [TestCase("{} {}", JsonProblem.SomethingFollows)]
    [TestCase("{a:1}", JsonProblem.NameExpected)]
    [TestCase("[1,]", JsonProblem.TrailingComma)]
    [TestCase("[[]", JsonProblem.EndsEarly)]
    [TestCase("\"a", JsonProblem.TextEndsEarly)]
    [TestCase("\"\\q\"", JsonProblem.BadEscape)]
    [TestCase("\"a\nb\"", JsonProblem.ControlCharacter)]
    [TestCase("\"\\u12x4\"", JsonProblem.HexDigits)]
    [TestCase("05", JsonProblem.LeadingZero)]
    [TestCase("[x]", JsonProblem.ValueExpected)]
    [TestCase("trux", JsonProblem.BadLiteral)]
    [TestCase("-", JsonProblem.DigitExpected)]
    [TestCase("1x", JsonProblem.BadNumber)]
    [TestCase("[1 2]", JsonProblem.CommaExpected)]
    [TestCase("{\"a\" 1}", JsonProblem.ColonExpected)]
    [TestCase("", JsonProblem.Empty)]
    public void Read_WhatTheReaderSays_IsKnown(string json, object expected)
    {
        var exception = Assert.Catch<JsonException>(() => JsonDocument.Parse(json))!;

        Assert.That(JsonExceptionText.Read(exception), Is.EqualTo(expected), exception.Message);
    }

    [Test]
    public void Read_ValueOfAnotherType_IsThat()
    {
        var exception =
            Assert.Catch<JsonException>(() => JsonSerializer.Deserialize<Dictionary<string, int>>("{\"trailing comma\":\"x\"}"))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(JsonExceptionText.Read(exception), Is.EqualTo(JsonProblem.WrongType));
            Assert.That(JsonExceptionText.WithoutPosition(exception), Does.Not.Contain("Path").And.Not.Contain("LineNumber"));
        }
    }
}
