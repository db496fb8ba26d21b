from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="organisation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("centre", "公共资源交易中心"),
                    ("purchaser", "采购人"),
                    ("agency", "社会代理机构"),
                    ("central-agency", "集中采购机构"),
                    ("supervisor", "监督部门"),
                    ("supplier", "供应商"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="post",
            name="role",
            field=models.CharField(
                choices=[
                    ("agency", "代理机构经办"),
                    ("buyer", "采购人经办"),
                    ("host", "主场场地岗"),
                    ("guest", "副场场地岗"),
                    ("supervisor", "监督岗"),
                    ("bidder", "供应商经办"),
                    ("librarian", "专家库管理岗"),
                ],
                max_length=12,
            ),
        ),
    ]
