using Httpmq.Domain.Naming;

namespace Httpmq.Tests.Domain;

internal sealed class NamePatternTests
{
    [TestCase("orders", "orders", true)]
    [TestCase("orders", "orders2", false)]
    [TestCase("*", "", true)]
    [TestCase("*", "orders", true)]
    [TestCase("**", "orders", true)]
    [TestCase("o*", "orders", true)]
    [TestCase("*s", "orders", true)]
    [TestCase("o*s", "orders", true)]
    [TestCase("o*s", "o", false)]
    [TestCase("or*rs", "ors", false, Description = "both parts need their own characters")]
    [TestCase("*d*r*", "orders", true)]
    [TestCase("*r*r*", "orders", true)]
    [TestCase("*e*d*", "orders", false)]
    [TestCase("O*", "orders", false)]
    [TestCase("", "orders", false)]
    public void Matches_Pattern_IsOfTheWholeName(string pattern, string name, bool matches) =>
        Assert.That(new NamePattern(pattern).Matches(name), Is.EqualTo(matches));
}
